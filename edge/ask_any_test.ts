import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { type Ask, CoreUnavailableError } from "./ask.ts";
import { askAny, namesOf, unavailable } from "./ask_any.ts";
import type { Instance } from "./plan.ts";

function instance(url: string, number: number): Instance {
  return { url, number, isUp: true, report: null, load: 0 };
}
const [a, b, c] = ["a", "b", "c"].map((url, i) => instance(url, i + 1)) as [
  Instance,
  Instance,
  Instance,
];

/** Who was asked, and what came of it; each core's answers in turn, the last for ever. */
async function asked(
  cores: readonly Instance[],
  answers: Record<string, (number | Error)[]>,
  mayRepeat = true,
) {
  const urls: string[] = [];
  let cancelled = 0;
  const ask: Ask = (url) => {
    urls.push(url);
    const [answer, ...more] = answers[url]!;
    if (more.length > 0) answers[url] = more;
    if (answer instanceof Error) return Promise.reject(answer);
    const body = new ReadableStream({ cancel: () => void cancelled++ });
    return Promise.resolve(new Response(body, { status: answer! }));
  };
  const { signal } = new AbortController();
  const what = await askAny(cores, { path: "/x", signal }, { ask }, { mayRepeat })
    .then(({ status }) => status, (error) => error.name);
  return [urls.join(""), what, cancelled];
}
const away = new CoreUnavailableError("away");

describe("askAny()", () => {
  it("asks the first alone, where that one answers", async () => {
    for (const status of [200, 400, 404, 429, 500]) {
      assertEquals(await asked([a, b], { a: [status] }), ["a", status, 0]);
    }
  });

  it("asks the next, where the first can't answer, and nobody after it", async () => {
    assertEquals(await asked([a, b, c], { a: [away], b: [200] }), ["ab", 200, 0]);
    assertEquals(await asked([a, b, c], { a: [502], b: [200] }), ["ab", 200, 1]);
    assertEquals(await asked([a, b, c], { a: [away], b: [away] }), ["ab", away.name, 0]);
    assertEquals(await asked([a, b, c], { a: [away], b: [503] }), ["ab", 503, 0]);
  });

  it("asks who is alone once more: it may have been the connection", async () => {
    assertEquals(await asked([a], { a: [away, 200] }), ["aa", 200, 0]);
    assertEquals(await asked([a], { a: [away] }), ["aa", away.name, 0]);
  });

  it("asks once what must not be done twice", async () => {
    assertEquals(await asked([a, b], { a: [away] }, false), ["a", away.name, 0]);
    assertEquals(await asked([a, b], { a: [503] }, false), ["a", 503, 0]);
  });

  it("asks nobody else once the client has gone", async () => {
    const gone = new DOMException("The client has gone", "AbortError");
    assertEquals(await asked([a, b], { a: [gone], b: [200] }), ["a", "AbortError", 0]);
  });

  it("throws where there is nobody", async () => {
    const { signal } = new AbortController();
    const ask = () => Promise.reject(away);
    await assertRejects(
      () => askAny([], { path: "/x", signal }, { ask }, { mayRepeat: true }),
      CoreUnavailableError,
      "one must be up",
    );
  });
});

describe("what is missing", () => {
  it("is told with who could answer, by number, and as a thing to try again", async () => {
    const answer = unavailable([
      { catalog: "Gaia", instances: [c, a] },
      { catalog: "TNS", instances: [b] },
      { catalog: "TNS", instances: [b] },
    ], 3);
    assertEquals([answer.status, answer.headers.get("retry-after")], [503, "1"]);
    assertEquals(await answer.json(), {
      status: "error",
      message: "Cannot read Gaia of instance 1 and 3 (of 3), TNS of instance 2 (of 3) for now",
      missing: ["Gaia", "TNS"],
    });
    assertEquals(namesOf([b], 3), "instance 2 (of 3)");
  });
});
