/** Three cores, each before a database of its own, behind two edges: what clients see when one goes. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import type { Document } from "mongodb";
import { importSharedKey } from "../../core/contract/edge.ts";
import { createAsk } from "../../edge/ask.ts";
import { startEdge } from "../../edge/serve.ts";
import { ADMIN, edgeOptions, SECRET } from "../support/api.ts";
import { until } from "../support/until.ts";
import { fillCatalogs, position, row, ROWS } from "./_catalogs.ts";
import { type Fleet, startFleet } from "./_instances.ts";

const FULL = Deno.env.get("KOWALSKI_TEST_FULL") === "1";
const REQUESTS = FULL ? 20_000 : 2_000;
const CLIENTS = 8;
/** Who holds what; `shared` is on two. */
const HELD = [["alpha", "shared"], ["beta"], ["gamma", "shared"]];

let fleet: Fleet;
let token: string;

before(async () => {
  fleet = await startFleet(HELD.map((catalogs) => (db) => fillCatalogs(db, catalogs)), 2);
  const body = JSON.stringify(ADMIN);
  const response = await fetch(`${fleet.edges[0]!.url}/api/auth`, { method: "POST", body });
  token = (await response.json()).token;
});
after(() => fleet[Symbol.asyncDispose]());

function query(edge: number, body: unknown): Promise<Response> {
  return fetch(`${fleet.edges[edge]!.url}/api/queries`, {
    method: "POST",
    headers: { authorization: token },
    body: JSON.stringify(body),
  });
}

/** A cone around each of these rows' places that holds no other. */
function cones(rows: readonly number[], catalogs: readonly string[], kwargs = {}) {
  const projection = { coordinates: 0 };
  return {
    query_type: "cone_search",
    query: {
      object_coordinates: {
        cone_search_radius: 2,
        cone_search_unit: "arcsec",
        radec: Object.fromEntries(rows.map((i) => [`row ${i}`, position(i)])),
      },
      catalogs: Object.fromEntries(catalogs.map((name) => [name, { projection }])),
    },
    kwargs,
  };
}

/** As `cones`, asked in the other way. */
function near(rows: readonly number[], catalogs: readonly string[]) {
  const { query: { object_coordinates: { radec }, catalogs: each } } = cones(rows, catalogs);
  const query = { radec, max_distance: 2, distance_units: "arcsec", catalogs: each };
  return { query_type: "near", query };
}

function found(rows: readonly number[], catalogs: readonly string[]) {
  return Object.fromEntries(catalogs.map((of) => [
    of,
    Object.fromEntries(rows.map((i) => [`row ${i}`, [{ _id: i, of }]])),
  ]));
}

interface Mixed {
  readonly body: unknown;
  /** What it asks, and what comes out. */
  readonly catalogs: readonly string[];
  readonly data: unknown;
  readonly isPartial?: true;
}

const NAMES = ["alpha", "beta", "gamma", "shared"];

/** The `n`-th of the mixed requests: each type, each catalog, one and several of them. */
function mixed(n: number): Mixed {
  const catalog = NAMES[n % NAMES.length]!;
  const i = (n * 7) % ROWS;
  const rows = [i, (i + 11) % ROWS, (i + 23) % ROWS];
  const pair = [catalog, NAMES[(n + 1 + n % 3) % NAMES.length]!];
  const one = (query_type: string, query: Document, data: unknown, kwargs = {}): Mixed => ({
    body: { query_type, query: { catalog, ...query }, kwargs },
    catalogs: [catalog],
    data,
  });
  switch (Math.floor(n / NAMES.length) % 10) {
    case 0: {
      const data = rows.slice(0, 1).map((_id) => ({ _id, of: catalog }));
      return one("find", { filter: { _id: i }, projection: { coordinates: 0 } }, data);
    }
    case 1:
      return one("find_one", { filter: { _id: i } }, row(catalog, i));
    case 2:
      return one("count_documents", { filter: { _id: { $gte: i } } }, ROWS - i);
    case 3: {
      const pipeline = [{ $match: { _id: { $lt: i } } }, {
        $group: { _id: "$of", n: { $sum: 1 } },
      }];
      return one("aggregate", { pipeline }, i === 0 ? [] : [{ _id: catalog, n: i }]);
    }
    case 4:
      return { body: cones(rows, pair), catalogs: pair, data: found(rows, pair) };
    case 5:
      return { body: cones(rows, NAMES), catalogs: NAMES, data: found(rows, NAMES) };
    case 6:
      return {
        body: cones(rows, NAMES, { partial: true }),
        catalogs: NAMES,
        data: found(rows, NAMES),
        isPartial: true,
      };
    case 7:
      return { body: near(rows, pair), catalogs: pair, data: found(rows, pair) };
    case 8:
      return one("estimated_document_count", {}, ROWS);
    default:
      return {
        body: { query_type: "info", query: { command: "catalog_names" } },
        catalogs: [],
        data: NAMES.toReversed(),
      };
  }
}

/** What became of a request: `right`, `told` what is missing, or what it should not have been. */
async function outcome(n: number, edge: number, gone = "gamma"): Promise<string> {
  const { body, data, catalogs, isPartial } = mixed(n);
  const response = await query(edge, body);
  const answer = await response.json();
  const wrong = () => `${n}: ${response.status} ${JSON.stringify(answer).slice(0, 300)}`;
  const isTold = JSON.stringify(answer.missing) === `["${gone}"]` && catalogs.includes(gone);
  if (response.status === 503) {
    return isTold && !isPartial && response.headers.get("retry-after") === "1" ? "told" : wrong();
  }
  if (response.status !== 200) return wrong();
  // There are those too that every archive has.
  if (catalogs.length === 0) {
    answer.data = answer.data.filter((name: string) => NAMES.includes(name));
  }
  const expected = isTold && isPartial
    ? Object.fromEntries(Object.entries(data as Document).filter(([name]) => name !== gone))
    : data;
  const same = JSON.stringify(answer.data) === JSON.stringify(expected);
  return same ? isTold ? "told" : "right" : wrong();
}

/** Sends requests from several clients at once, to the edges in turn; gives how many became what. */
async function send(
  count: number,
  ask: (n: number) => Promise<string>,
  at: Record<number, () => Promise<void>> = {},
): Promise<Record<string, number>> {
  const outcomes: Record<string, number> = {};
  let next = 0;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    for (let n = next++; n < count; n = next++) {
      await at[n]?.();
      const what = await ask(n);
      outcomes[what] = (outcomes[what] ?? 0) + 1;
    }
  }));
  return outcomes;
}

const isBack = async () => {
  const asked = NAMES.flatMap((_, n) => [0, 1].map((edge) => outcome(n, edge, NAMES[n])));
  return (await Promise.all(asked)).every((each) => each === "right");
};

describe("three cores behind two edges", () => {
  it("answer as one would that holds everything", async () => {
    assertEquals(await send(320, (n) => outcome(n, n % 2)), { right: 320 });
  });

  it("are three instances of one list of catalogs", async () => {
    const [first, second] = await Promise.all([0, 1].map(async (edge) => {
      const body = { query_type: "info", query: { command: "catalog_names" } };
      return (await (await query(edge, body)).json()).data;
    }));
    for (const name of HELD.flat()) assert(first.includes(name), name);
    assertEquals([first, first.toSorted().reverse()], [second, first]);
  });

  it("refuse a pipeline that joins catalogs of two of them, and run one on the same", async () => {
    const join = (from: string) =>
      query(0, {
        query_type: "aggregate",
        query: {
          catalog: "alpha",
          pipeline: [
            { $match: { _id: 3 } },
            { $lookup: { from, localField: "_id", foreignField: "_id", as: "x" } },
            { $project: { n: { $size: "$x" } } },
          ],
        },
      });
    assertEquals((await (await join("shared")).json()).data, [{ _id: 3, n: 1 }]);
    const refused = await join("beta");
    const { message } = await refused.json();
    assertEquals([refused.status, message], [
      400,
      "Cannot read alpha and beta together as one instance must hold all of them",
    ]);
  });

  it("trust nobody who hasn't the edges' key", async () => {
    const ask = createAsk({
      sharedKey: await importSharedKey("another key, as long as the first one"),
    });
    const { signal } = new AbortController();
    for (const { url } of fleet.cores) {
      const response = await ask(url, { path: "/v1/catalogs", signal });
      await response.body?.cancel();
      assertEquals(response.status, 401);
    }
  });

  it("with one killed in the middle tell only who asks for what it alone holds", async () => {
    const kill = { [Math.floor(REQUESTS / 3)]: () => fleet.cores[2]!.kill() };
    const outcomes = await send(REQUESTS, (n) => outcome(n, n % 2), kill);
    const { right = 0, told = 0, ...wrong } = outcomes;
    assertEquals(wrong, {});
    assertEquals(right + told, REQUESTS);
    console.log(`${right} answered right, ${told} told what is missing`);
    // Of what was sent after it, that which needs `gamma`.
    assert(told > REQUESTS / 10 && told < REQUESTS * 2 / 3, `${told}`);
  });

  it("with one back ask it again", async () => {
    await fleet.cores[2]!.start();
    await until(isBack, 100);
    assertEquals(await send(64, (n) => outcome(n, n % 2)), { right: 64 });
  });

  it("without the one that has the accounts go on for who is known", async () => {
    await fleet.cores[0]!.kill();
    const { right = 0, told = 0, ...wrong } = await send(96, (n) => outcome(n, n % 2, "alpha"));
    assertEquals([wrong, right + told], [{}, 96]);
    await fleet.cores[0]!.start();
    await until(isBack, 100);
  });

  it("with an edge restarted cost clients no more than a reset connection", async () => {
    const [edge] = fleet.edges;
    let resets = 0;
    const askAgain = async (n: number): Promise<string> => {
      for (;;) {
        try {
          return await outcome(n, 0);
        } catch {
          resets++; // What `fetch` and `json()` throw: no connection, or one that has gone.
          await new Promise((resolve) => setTimeout(resolve, 50));
        }
      }
    };
    const restart = {
      [100]: async () => {
        await edge!.kill();
        await edge!.start();
      },
    };
    assertEquals(await send(400, askAgain, restart), { right: 400 });
    assert(resets > 0);
  });

  it("with one that hangs go on without it, and tell who needs it", async () => {
    await using stack = new AsyncDisposableStack();
    const edge = await startEdge({
      ...edgeOptions(""),
      cores: fleet.cores.map(({ url }) => url),
      tokens: { keys: [SECRET], algorithm: "HS256", lifetimeS: null },
      instances: { limits: { everyMs: 500, answerMsMax: 1_000 } },
    });
    stack.defer(edge.close);
    const ask = (catalog: string) => {
      const query = { catalog, filter: {} };
      return fetch(`${edge.url}/api/queries`, {
        method: "POST",
        headers: { authorization: token },
        body: JSON.stringify({ query_type: "find_one", query }),
      });
    };
    const status = async (catalog: string) => {
      const response = await ask(catalog);
      await response.body?.cancel();
      return response.status;
    };
    assertEquals([await status("beta"), await status("alpha")], [200, 200]);
    const { pid } = fleet.cores[1]!;
    Deno.kill(pid, "SIGSTOP");
    try {
      // Who waits for it is told as soon as it is known to be down.
      const [first, second] = await Promise.all([ask("beta"), ask("alpha")]);
      assertEquals([first!.status, (await first!.json()).missing], [503, ["beta"]]);
      assertEquals((await second!.json()).data._id, 0);
    } finally {
      Deno.kill(pid, "SIGCONT");
    }
    await until(async () => await status("beta") === 200, 100);
  });
});
