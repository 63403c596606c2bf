/** Two cores before one database, behind an edge: who is killed is missed by nobody. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { ADMIN } from "../support/api.ts";
import { fillCatalogs, position, row, ROWS } from "./_catalogs.ts";
import { type Fleet, startFleet } from "./_instances.ts";

const REQUESTS = 60;
const CLIENTS = 8;
/** So many that each of the two gets a share of them. */
const POSITIONS = 600;

let fleet: Fleet;
let token: string;
before(async () => {
  fleet = await startFleet([(db) => fillCatalogs(db, ["alpha", "beta"])], 1, {}, 2);
  token = await logIn();
});
after(() => fleet[Symbol.asyncDispose]());

function send(path: string, body: unknown, headers = {}): Promise<Response> {
  const url = fleet.edges[0]!.url + path;
  return fetch(url, { method: "POST", headers, body: JSON.stringify(body) });
}
async function logIn(): Promise<string> {
  return (await (await send("/api/auth", ADMIN)).json()).token;
}
async function data(query_type: string, query: unknown): Promise<unknown> {
  const answer = await send("/api/queries", { query_type, query }, { authorization: token });
  const { status, message, data } = await answer.json();
  return status === "success" ? data : message;
}

const names = Array.from({ length: POSITIONS }, (_, i) => `at ${i}`);
const cones = {
  object_coordinates: {
    cone_search_radius: 2,
    cone_search_unit: "arcsec",
    radec: Object.fromEntries(names.map((name, i) => [name, position(i)])),
  },
  catalogs: { beta: { projection: { _id: 1 } }, alpha: { projection: { _id: 1 } } },
};
const around = Object.fromEntries(names.map((name, i) => [name, i < ROWS ? [{ _id: i }] : []]));

const one = async () =>
  assertEquals(await data("find_one", { catalog: "alpha", filter: { _id: 3 } }), row("alpha", 3));
const count = async () =>
  assertEquals(await data("count_documents", { catalog: "beta", filter: {} }), ROWS);
const whole = async () =>
  assertEquals(await data("cone_search", cones), { beta: around, alpha: around });
const account = async () => assertEquals(typeof await logIn(), "string");
const KINDS: readonly (() => Promise<void>)[] = [one, count, whole, one, count, account];

/** How many queries this core has answered. */
async function answered(core: number): Promise<number> {
  const metrics = await (await fetch(`${fleet.cores[core]!.url}/metrics`)).text();
  const counts = metrics.matchAll(/^kowalski_request_seconds_count\{[^}]*\} (\d+)$/gm);
  return [...counts].reduce((sum, [, count]) => sum + Number(count), 0);
}

async function run(at: Record<number, () => Promise<void>>): Promise<void> {
  let next = 0;
  await Promise.all(Array.from({ length: CLIENTS }, async () => {
    for (let n = next++; n < REQUESTS; n = next++) {
      await at[n]?.();
      await KINDS[n % KINDS.length]!();
    }
  }));
}

describe("two cores before one database", () => {
  it("share the work, also the positions of one query", async () => {
    const before = await Promise.all([answered(0), answered(1)]);
    await whole();
    const after = await Promise.all([answered(0), answered(1)]);
    for (const core of [0, 1]) assert(after[core]! > before[core]!, `${before} ${after}`);
  });

  for (const killed of [0, 1]) {
    it(`answer everything with instance ${killed + 1} killed in the middle, and back`, async () => {
      const core = fleet.cores[killed]!;
      await run({ 15: () => core.kill(), 40: () => core.start() });
    });
  }
});
