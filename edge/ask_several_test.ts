import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { type AskOptions, CoreUnavailableError } from "./ask.ts";
import { askSeveral } from "./ask_several.ts";
import { createInstances } from "./instances.ts";

/** Which catalogs each of three cores holds; `twin` is a replica of `two`, `PS1` is on all. */
const HELD = {
  one: { Gaia: 9, ZTF: 5, PS1: 4 },
  two: { TNS: 3, "2MASS": 7, PS1: 4 },
  twin: { TNS: 3, "2MASS": 7, PS1: 4 },
};
type Url = keyof typeof HELD;
/** What a core does with a query in place of answering it. */
type Instead = (url: Url, body: string, options: AskOptions) => Response | Promise<Response> | null;

interface Cones {
  query_type: string;
  query: {
    catalog?: string;
    catalogs?: Record<string, unknown>;
    radec?: Record<string, unknown>;
  };
}

/** What a core answers that holds everything: for each position a document of catalog and name. */
function answered(body: string): Response {
  const { query: { catalog, catalogs, radec = {} } } = JSON.parse(body) as Cones;
  const data = catalogs
    ? Object.fromEntries(
      Object.keys(catalogs).map((name) => [
        name.trim(),
        Object.fromEntries(Object.keys(radec).map((key) => [key, [{ of: name.trim(), at: key }]])),
      ]),
    )
    : catalog;
  return Response.json({ status: "success", message: "Successfully executed query", data });
}

function fleet(instead: Instead = () => null) {
  const asked: string[] = [];
  const signals: AbortSignal[] = [];
  let nowMs = 0;
  const instances = createInstances(Object.keys(HELD), async (url, options) => {
    const core = url as Url;
    const body = new TextDecoder().decode(options.body);
    const isLook = options.path === "/v1/catalogs";
    if (!isLook) {
      asked.push(url);
      signals.push(options.signal);
    }
    const other = await instead(core, body, options);
    if (other !== null) return other;
    if (!isLook) return answered(body);
    const archive = url === "twin" ? "two" : url;
    return Response.json({ archive, catalogs: HELD[core], surveys: {}, running: 0 });
  }, { now: () => nowMs });
  const client = new AbortController();
  const ask = (query: unknown, isTable = false) =>
    askSeveral(
      typeof query === "string" ? query : JSON.stringify(query),
      { principal: null, accept: "application/json", isTable, signal: client.signal },
      instances,
    );
  return {
    instances,
    asked,
    signals,
    client,
    ask,
    /** All cores are looked at again. */
    async lookAgain() {
      await instances.known();
      nowMs += 10_000;
      await instances.known();
      await new Promise((resolve) => setTimeout(resolve));
    },
    [Symbol.asyncDispose]: () => instances.close(),
  };
}

/** Near three positions, in these catalogs. */
function near(catalogs: readonly string[], positions = 3, kwargs = {}): string {
  const radec = Array.from({ length: positions }, (_, i) => `"s ${i}": [${i % 360}.0, 1]`);
  const each = catalogs.map((name) => `"${name}": {}`);
  return `{"query_type": "near", "query": {"radec": {${radec}}, "catalogs": {${each}}},
    "kwargs": ${JSON.stringify(kwargs)}}`;
}

const isLook = ({ path }: AskOptions) => path === "/v1/catalogs";
const down = () => Promise.reject(new CoreUnavailableError("down"));

describe("a query before several cores", () => {
  it("goes as it is to who holds its catalog", async () => {
    const bodies: string[] = [];
    await using cores = fleet((_, body) => {
      bodies.push(body);
      return null;
    });
    const text = '{"query_type" : "find", "query": {"catalog": "ZTF", "filter": {"x": 1.0}}}';
    assertEquals((await (await cores.ask(text)).json()).data, "ZTF");
    assertEquals([cores.asked, bodies.at(-1)], [["one"], text]);
  });

  for (
    const [what, catalogs, positions, asked] of [
      ["of one core as a whole", ["Gaia", "ZTF"], 3, 1],
      ["of two cores in two parts", ["TNS", "Gaia", "ZTF"], 3, 2],
      ["of two cores in turns", ["Gaia", "TNS", "ZTF", "2MASS"], 3, 4],
      ["of replicas in shares", ["TNS"], 1_000, 2],
      ["of both", ["TNS", "Gaia", " 2MASS ", "ZTF"], 700, 6],
    ] as const
  ) {
    it(`by position has the answer of a single core: ${what}`, async () => {
      await using cores = fleet();
      const text = near(catalogs, positions);
      const answer = await cores.ask(text);
      assertEquals(answer.headers.get("content-type")!.startsWith("application/json"), true);
      assertEquals(await answer.json(), await answered(text).json());
      assertEquals(cores.asked.length, asked);
    });
  }

  it("for the names of the catalogs is answered at once, for all of them", async () => {
    await using cores = fleet();
    const answer = await cores.ask({ query_type: "info", query: { command: "catalog_names" } });
    assertEquals(await answer.json(), {
      status: "success",
      message: "Successfully executed query",
      data: ["ZTF", "TNS", "PS1", "Gaia", "2MASS"],
    });
    assertEquals(cores.asked, []);
  });

  it("for the database goes to that of the accounts, for a catalog to who holds it", async () => {
    await using cores = fleet();
    await cores.ask({ query_type: "info", query: { command: "db_info" } });
    await cores.ask({ query_type: "info", query: { command: "catalog_info", catalog: "TNS" } });
    assertEquals(cores.asked, ["one", "two"]);
  });

  it("that isn't one goes to any core, which says so", async () => {
    const refusal = Response.json({ status: "error", message: "no" }, { status: 400 });
    await using cores = fleet((_, __, options) => isLook(options) ? null : refusal.clone());
    for (const text of ["", "nope", "[]", '{"query_type": "near"}', '{"query": 7}']) {
      assertEquals((await cores.ask(text)).status, 400);
    }
    assertEquals(new Set(cores.asked), new Set(["one"]));
  });

  it("of a catalog that nobody knows is asked, of anybody", async () => {
    await using cores = fleet();
    assertEquals((await cores.ask(near(["nope"]))).status, 200);
    assertEquals(cores.asked.length, 1);
  });

  it("that drops a catalog goes to every archive that has it, once", async () => {
    await using cores = fleet();
    const drop = (catalog: string) => cores.ask({ query_type: "drop", query: { catalog } });
    assertEquals([(await drop("PS1")).status, cores.asked.splice(0)], [200, ["one", "two"]]);
    assertEquals([(await drop("TNS")).status, cores.asked.splice(0)], [200, ["two"]]);
    assertEquals([(await drop("nope")).status, cores.asked], [200, ["one"]]);
  });

  it("that joins catalogs of two instances is refused, and says why", async () => {
    await using cores = fleet();
    const join = (from: string) =>
      cores.ask({
        query_type: "aggregate",
        query: { catalog: "Gaia", pipeline: [{ $lookup: { from, as: "x" } }] },
      });
    const refused = await join("TNS");
    assertEquals([refused.status, await refused.json()], [400, {
      status: "error",
      message: "Cannot read Gaia and TNS together as one instance must hold all of them",
    }]);
    assertEquals((await join("ZTF")).status, 200);
    assertEquals(cores.asked, ["one"]);
  });

  it("whose cost is asked for has that of all its parts", async () => {
    await using cores = fleet((_, body, options) => {
      if (isLook(options)) return null;
      const reads = Object.keys(JSON.parse(body).query.catalogs);
      return Response.json({ status: "success", data: { seconds: 1, reads } });
    });
    const answer = await cores.ask(near(["Gaia", "TNS", "ZTF"], 600, { explain: true }));
    assertEquals((await answer.json()).data, { seconds: 3, reads: ["Gaia", "TNS", "ZTF"] });
  });

  it("for a table is answered by one core, or refused", async () => {
    await using cores = fleet();
    const answer = await cores.ask(near(["TNS", "2MASS"], 600), true);
    assertEquals([answer.status, cores.asked], [200, ["two"]]);
    const refused = await cores.ask(near(["TNS", "Gaia"]), true);
    assertEquals([refused.status, (await refused.json()).message], [
      400,
      "Cannot answer in this format as one instance must hold all of it: ask TNS; Gaia",
    ]);
  });

  it("that is refused in one of its parts is refused, in that part's words", async () => {
    await using cores = fleet((url, _, options) =>
      !isLook(options) && url === "one"
        ? Response.json({ status: "error", message: "ValueError: no" }, { status: 400 })
        : null
    );
    const answer = await cores.ask(near(["TNS", "Gaia"]));
    assertEquals([answer.status, (await answer.json()).message], [400, "ValueError: no"]);
    assert(cores.signals.every(({ aborted }) => aborted));
  });

  it("whose refusal breaks is given up everywhere", async () => {
    let chunks = 0;
    const broken = new ReadableStream({
      pull(controller) {
        if (chunks++ === 4) controller.error(new TypeError("connection reset"));
        else controller.enqueue(new Uint8Array(100_000));
      },
    }, { highWaterMark: 0 });
    await using cores = fleet((url, _, options) =>
      !isLook(options) && url === "one" ? new Response(broken, { status: 400 }) : null
    );
    await assertRejects(() => cores.ask(near(["TNS", "Gaia"])), TypeError, "connection reset");
    assert(cores.signals.every(({ aborted }) => aborted));
  });

  it("is read as its client reads it, and ended when the client goes", async () => {
    const endless = (catalog: string) => {
      let chunks = 0;
      return new ReadableStream({
        pull(controller) {
          const text = chunks++ === 0
            ? `{"status": "success", "data": {"${catalog}": {"s 0": [`
            : `"${"x".repeat(100_000)}", `;
          controller.enqueue(new TextEncoder().encode(text));
        },
      }, { highWaterMark: 0 });
    };
    await using cores = fleet((url, _, options) =>
      isLook(options) ? null : new Response(endless(url === "one" ? "Gaia" : "TNS"))
    );
    const reader = (await cores.ask(near(["Gaia", "TNS"]))).body!.getReader();
    for (let i = 0; i < 20; i++) await reader.read();
    assertEquals(cores.signals.map(({ aborted }) => aborted), [false, false]);
    await reader.cancel();
    assertEquals(cores.signals.map(({ aborted }) => aborted), [true, true]);
  });

  it("that breaks in the middle of an answer breaks the client's", async () => {
    let chunks = 0;
    const broken = new ReadableStream({
      pull(controller) {
        const blanks = " ".repeat(100_000);
        if (chunks++ === 4) controller.error(new TypeError("connection reset"));
        else controller.enqueue(new TextEncoder().encode(`{"data": {"Gaia": {"s 0": [${blanks}`));
      },
    }, { highWaterMark: 0 });
    await using cores = fleet((url, _, options) =>
      !isLook(options) && url === "one" ? new Response(broken) : null
    );
    const answer = await cores.ask(near(["TNS", "Gaia"]));
    await assertRejects(() => answer.text(), TypeError, "connection reset");
    assert(cores.signals.every(({ aborted }) => aborted));
  });
});

describe("with an instance down", () => {
  /** The first core was there, and has gone. */
  async function withoutOne() {
    let isDown = false;
    const cores = fleet((url) => isDown && url === "one" ? down() : null);
    await cores.instances.known();
    isDown = true;
    await cores.lookAgain();
    return cores;
  }
  const missing = "Cannot read Gaia of instance 1 (of 3) for now";

  it("only who asks for what it alone holds is told so, and which", async () => {
    await using cores = await withoutOne();
    for (const text of [near(["Gaia"]), near(["TNS", "Gaia"])]) {
      const answer = await cores.ask(text);
      assertEquals(answer.headers.get("retry-after"), "1");
      assertEquals([answer.status, await answer.json()], [503, {
        status: "error",
        message: missing,
        missing: ["Gaia"],
      }]);
    }
    assertEquals((await cores.ask(near(["TNS", "2MASS"]))).status, 200);
    assertEquals((await cores.ask({ query_type: "find", query: { catalog: "TNS" } })).status, 200);
  });

  it("who takes a part gets it, and is told what is missing", async () => {
    await using cores = await withoutOne();
    const answer = await cores.ask(near(["Gaia", "TNS"], 3, { partial: true }));
    const { data } = await answered(near(["TNS"])).json();
    assertEquals([answer.status, await answer.json()], [200, {
      status: "success",
      message: `Executed query in part. ${missing}`,
      data,
      missing: ["Gaia"],
    }]);
  });

  it("who takes a part of nothing is told like others", async () => {
    await using cores = await withoutOne();
    assertEquals((await cores.ask(near(["Gaia"], 3, { partial: true }))).status, 503);
  });

  it("its catalogs are still listed: clients read the list once", async () => {
    await using cores = await withoutOne();
    const answer = await cores.ask({ query_type: "info", query: { command: "catalog_names" } });
    assertEquals((await answer.json()).data, ["ZTF", "TNS", "PS1", "Gaia", "2MASS"]);
  });

  it("that was never reached, what nobody knows may be its own", async () => {
    await using cores = fleet((url) => url === "one" ? down() : null);
    const answer = await cores.ask(near(["Gaia"]));
    assertEquals([answer.status, (await answer.json()).message], [503, missing]);
  });
});

describe("with an instance that goes in the middle of a query", () => {
  it("a replica is asked, once, with the same", async () => {
    for (const instead of [down, () => new Response("{}", { status: 503 })]) {
      await using cores = fleet((url, _, options) =>
        !isLook(options) && url === "two" ? instead() : null
      );
      const text = near(["TNS"]);
      assertEquals(await (await cores.ask(text)).json(), await answered(text).json());
      assertEquals(cores.asked, ["two", "twin"]);
    }
  });

  it("nobody else is asked what changes something", async () => {
    await using cores = fleet((url, _, options) =>
      !isLook(options) && url === "two" ? down() : null
    );
    const answer = await cores.ask({ query_type: "drop", query: { catalog: "TNS" } });
    assertEquals([answer.status, cores.asked], [503, ["two"]]);
  });

  it("without a replica it is told, or left out where the client takes a part", async () => {
    await using cores = fleet((url, _, options) =>
      !isLook(options) && url === "one" ? down() : null
    );
    const whole = await cores.ask(near(["Gaia", "TNS"]));
    assertEquals([whole.status, (await whole.json()).missing], [503, ["Gaia"]]);
    const part = await cores.ask(near(["Gaia", "TNS"], 3, { partial: true }));
    const { missing, data } = await part.json();
    assertEquals([part.status, missing, Object.keys(data)], [200, ["Gaia"], ["TNS"]]);
  });

  it("what others hold too is asked of them, though it was asked with what it alone holds", async () => {
    await using cores = fleet((url, _, options) =>
      !isLook(options) && url === "one" ? down() : null
    );
    const part = await cores.ask(near(["PS1", "Gaia"], 3, { partial: true }));
    const { missing, data } = await part.json();
    assertEquals([missing, Object.keys(data)], [["Gaia"], ["PS1"]]);
    const { missing: told } = await (await cores.ask(near(["PS1", "Gaia"]))).json();
    assertEquals(told, ["Gaia"]);
  });

  it("a share that it was asked for is asked of another", async () => {
    let asked = 0;
    await using cores = fleet((_, __, options) =>
      !isLook(options) && ++asked === 2 ? down() : null
    );
    const text = near(["TNS", "Gaia"], 600);
    assertEquals(await (await cores.ask(text)).json(), await answered(text).json());
    assertEquals(cores.asked.length, 4);
  });

  it("a catalog of which a share is missing is missing, and its other shares are given up", async () => {
    let cancelled = 0;
    await using cores = fleet((_, body, options) => {
      if (isLook(options)) return null;
      if (!body.includes('"TNS"')) return null;
      if (body.includes('"s 0"')) return down();
      return new Response(
        new ReadableStream({
          pull: (controller) => controller.enqueue(new Uint8Array(300_000)),
          cancel: () => void cancelled++,
        }, { highWaterMark: 0 }),
      );
    });
    const answer = await cores.ask(near(["TNS", "ZTF"], 500, { partial: true }));
    const { missing, data } = await answer.json();
    assertEquals([missing, Object.keys(data), cancelled], [["TNS"], ["ZTF"], 1]);
  });
});
