import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { CoreUnavailableError } from "./ask.ts";
import { createInstances } from "./instances.ts";
import { askTarget, type Target } from "./target.ts";

/** 400, as clients are told of a filter that isn't there. */
const ABSENT = 400.404;
/** How each of the cores answers: with a status, or not at all. `b2` is a replica of `b`. */
type Answers = Record<"a" | "b" | "b2" | "c", number | "down" | "breaks" | "hangs">;
const HELD = {
  a: { archive: "A", catalogs: { Gaia: 9, ZTF: 2 }, surveys: { ztf: "ZTF" }, running: 0 },
  b: { archive: "B", catalogs: { TNS: 9, ZTF: 9 }, surveys: { ztf: "ZTF" }, running: 5 },
  b2: { archive: "B", catalogs: { TNS: 9, ZTF: 9 }, surveys: { ztf: "ZTF" }, running: 0 },
  c: { archive: "C", catalogs: { TNS: 9, LSST: 9 }, surveys: { lsst: "LSST" }, running: 0 },
};

/** Who was asked, the status, and the message. */
async function told(target: Target, mayRepeat: boolean, given: Partial<Answers> = {}) {
  const { asked, status, text } = await outcome(target, mayRepeat, given);
  return [asked, status, JSON.parse(text).message];
}

/** `list` is the data of each answer. */
async function outcome(
  target: Target,
  mayRepeat: boolean,
  given: Partial<Answers> = {},
  list: Partial<Record<keyof Answers, string>> = {},
) {
  const answers: Answers = { a: 200, b: 200, b2: 200, c: 200 };
  const asked: string[] = [];
  let nowMs = 0;
  const instances = createInstances(Object.keys(answers), async (core, { path, signal }) => {
    const url = core as keyof Answers;
    const answer = answers[url];
    if (answer === "down") throw new CoreUnavailableError("down");
    if (path === "/v1/catalogs") return Response.json(HELD[url]);
    asked.push(path === "/x" ? url : `${url}?`);
    if (answer === "breaks") throw new CoreUnavailableError("down");
    if (answer === "hangs") {
      await new Promise((_, reject) =>
        signal.addEventListener("abort", () => reject(signal.reason))
      );
    }
    const message = list[url] === undefined ? `of ${url}` : "Retrieved 7 of them";
    const text = `{"status": "success", "message": "${message}", "data": [${list[url] ?? ""}]}`;
    const status = Math.floor(Number(answer));
    const headers = new Headers(answer === ABSENT ? { "kowalski-absent": "true" } : {});
    return new Response(text, { status, headers });
  }, { now: () => nowMs });
  await instances.known();
  Object.assign(answers, given);
  nowMs = 10_000; // Who is down is found to be, and what they hold is remembered.
  await instances.known();
  await new Promise((resolve) => setTimeout(resolve));
  const { signal } = new AbortController();
  const answer = await askTarget(target, { path: "/x", signal }, instances, { mayRepeat });
  await instances.close();
  const text = await answer.text();
  if (answer.status === 503) assertEquals(answer.headers.get("retry-after"), "1");
  return { asked: asked.join(" "), status: answer.status, text };
}

describe("what is about the accounts", () => {
  it("is done before the first archive, and nowhere else", async () => {
    assertEquals(await told("home", true), ["a", 200, "of a"]);
    assertEquals(await told("home", true, { a: "down" }), [
      "",
      503,
      "Cannot reach instance 1 (of 4) for now",
    ]);
    assertEquals(await told({ catalogs: [] }, false), ["a", 200, "of a"]);
  });
});

describe("what is about a catalog", () => {
  it("is asked of who holds it, and of another where that one can't be reached", async () => {
    const target = { catalogs: ["TNS"] };
    assertEquals(await told(target, true), ["b", 200, "of b"]);
    assertEquals(await told(target, true, { b: "breaks" }), ["b b2", 200, "of b2"]);
    assertEquals(await told(target, true, { b: 503 }), ["b b2", 200, "of b2"]);
    assertEquals(await told(target, true, { b: "down", b2: "down" }), ["c", 200, "of c"]);
    assertEquals(await told(target, true, { b: 404 }), ["b", 404, "of b"]);
  });

  it("is written before one archive only, and once", async () => {
    const target = { catalogs: ["TNS"] };
    assertEquals(await told(target, false, { b: "breaks" }), [
      "b",
      503,
      "Cannot reach instance 2 and 3 (of 4) for now",
    ]);
    assertEquals(await told(target, false, { b: "down" }), ["b2", 200, "of b2"]);
    const [asked, status] = await told(target, false, { b: "down", b2: "down" });
    assertEquals([asked, status], ["", 503]);
  });

  it("is refused where nobody holds all of them", async () => {
    assertEquals(await told({ catalogs: ["Gaia", "TNS"] }, true), [
      "",
      400,
      "Cannot read Gaia and TNS together as one instance must hold all of them",
    ]);
  });
});

describe("what is about a survey", () => {
  it("is asked of who holds its alerts", async () => {
    assertEquals(await told({ survey: "LSST" }, true), ["c", 200, "of c"]);
    assertEquals(await told({ survey: "lsst" }, false, { c: "down" }), [
      "",
      503,
      "Cannot reach instance 4 (of 4) for now",
    ]);
  });

  it("is not asked of who has few of them yet", async () => {
    assertEquals(await told({ survey: "ZTF" }, true), ["b", 200, "of b"]);
  });

  it("that nobody knows is told by the first", async () => {
    assertEquals(await told({ survey: "nope" }, true, { a: 404 }), ["a", 404, "of a"]);
  });
});

describe("what all archives are to have", () => {
  it("is done once before each of them", async () => {
    assertEquals(await told("all", false), ["a b c", 200, "of a"]);
  });

  it("is done where any has done it that had not before", async () => {
    assertEquals(await told("all", false, { a: 409, c: 409 }), ["a b c", 200, "of b"]);
    assertEquals(await told("all", false, { a: 409, b: 409, c: 409 }), ["a b c", 409, "of a"]);
    assertEquals(await told("all", false, { a: 400, b: 400, c: 400 }), ["a b c", 400, "of a"]);
  });

  for (const failure of ["down", "breaks", 429, 500, 503] as const) {
    it(`has failed where it has not been done everywhere: ${failure}`, async () => {
      const [, status, message] = await told("all", false, { c: failure });
      assertEquals(
        [status, message],
        [503, "Done by 2 of 3 archives, and not by instance 4 (of 4): to be repeated"],
      );
    });
  }
});

describe("what one archive has, and nobody knows which", () => {
  it("is asked of each, and answered by who has it, also where others are down", async () => {
    const elsewhere = { a: 404, c: 404 };
    assertEquals(await told("owner", false, elsewhere), ["a b c", 200, "of b"]);
    assertEquals(await told("owner", false, { ...elsewhere, a: "down" }), ["b c", 200, "of b"]);
  });

  it("isn't waited for at who hangs, once somebody has it", async () => {
    assertEquals(await told("owner", false, { a: "hangs", b: 404, b2: 404 }), [
      "a b c",
      200,
      "of c",
    ]);
  });

  for (const absent of [404, ABSENT]) {
    it(`is told in the words of who has it, where it can't be done: ${absent}`, async () => {
      const [, status, message] = await told("owner", false, { a: absent, b: 400, c: absent });
      assertEquals([status, message], [400, "of b"]);
      assertEquals(await told("owner", false, { a: absent, b: 403, c: "down" }), [
        "a b",
        403,
        "of b",
      ]);
    });

    it(`is not found where nobody has it, and not known while one is down: ${absent}`, async () => {
      const nowhere = { a: absent, b: absent, c: absent };
      assertEquals(await told("owner", true, nowhere), ["a b c", Math.floor(absent), "of a"]);
      for (const failure of ["down", "breaks", 429, 500, 503] as const) {
        const [, status, message] = await told("owner", true, { ...nowhere, c: failure });
        assertEquals(
          [status, message],
          [503, "Cannot reach instance 4 (of 4) for now, and nobody else has it"],
        );
      }
    });
  }
});

describe("what is about a catalog, unless one has it already", () => {
  const target = { catalogs: ["TNS"], whoHas: "/who" };

  it("is asked of who holds the catalog where nobody has it", async () => {
    const nowhere = { a: ABSENT, b: ABSENT, c: ABSENT } as const;
    assertEquals(await told(target, false, nowhere), ["a? b? c? b", 400, "of b"]);
  });

  it("is asked of who has it, whatever catalog is named", async () => {
    assertEquals(await told(target, false, { b: 404, c: 404 }), ["a? b? c? a", 200, "of a"]);
    assertEquals(await told(target, false, { a: "hangs", b: 404 }), ["a? b? c? c", 200, "of c"]);
  });

  it("is asked of who holds the catalog while another is down", async () => {
    assertEquals(await told(target, false, { a: "down", b: 404, c: 404 }), [
      "b? c? b",
      404,
      "of b",
    ]);
  });
});

describe("what all archives list", () => {
  const target = { lists: { by: "n" } };
  const list = { a: '{"n": 3, "x": 1.0}', b: '{"n": 20}, {"n": 1}', c: "" };

  it("is one list, in order, each entry as it was written", async () => {
    const { asked, status, text } = await outcome(target, true, {}, list);
    assertEquals([asked, status], ["a b c", 200]);
    assertEquals(
      text,
      '{"status": "success", "message": "Retrieved 3 of them", ' +
        '"data": [{"n": 1}, {"n": 3, "x": 1.0}, {"n": 20}]}',
    );
  });

  it("is none without one of them", async () => {
    for (const failure of ["down", 429, 503] as const) {
      assertEquals(await told(target, true, { c: failure }), [
        failure === "down" ? "a b" : failure === 503 ? "a b c c" : "a b c",
        503,
        "Cannot list what instance 4 (of 4) has for now: name a catalog of another",
      ]);
    }
  });

  it("is refused in one's words", async () => {
    assertEquals(await told(target, true, { a: 400, b: 400, c: 400 }), ["a b c", 400, "of a"]);
  });
});

describe("before a single core", () => {
  it("everything goes to it", async () => {
    for (
      const target of ["home", "all", "owner", { survey: "x" }, { catalogs: ["x", "y"] }] as const
    ) {
      const asked: string[] = [];
      const instances = createInstances(["one"], (url) => {
        asked.push(url);
        return Promise.resolve(new Response("yes"));
      });
      const { signal } = new AbortController();
      await askTarget(target, { path: "/x", signal }, instances, { mayRepeat: false });
      assertEquals(asked, ["one"]);
    }
  });
});
