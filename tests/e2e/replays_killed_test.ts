/** A replay over two nights whose core is killed in the middle: it goes on, and nothing counts twice. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { type Db, type Document, ObjectId } from "mongodb";
import { ADMIN, SECRET } from "../support/api.ts";
import { openIngest, realPackets, simulatedPackets } from "../support/ingest.ts";
import { mongoUri, testDatabase } from "../support/mongo.ts";
import { readEvents, withoutTimes } from "../support/replays.ts";
import { noSamples } from "../support/samples.ts";
import { until } from "../support/until.ts";
import { type Fleet, Program, startFleet } from "./_instances.ts";

const catalog = "ZTF_alerts";
/** Copies of each alert, in turn of the first and the second night. */
const COPIES = 40;
const BATCH = 4;

/** The real packets, or simulated ones where they aren't here, as the pipeline archives them. */
async function archived(): Promise<{ alerts: Document[]; aux: Document[] }> {
  await using database = await testDatabase();
  await using open = await openIngest(database.uri, database.name);
  const packets = noSamples ? simulatedPackets({ alerts: 25 }) : realPackets();
  await open.ingest.run({ packets, filterVersion: "none", filters: [] });
  const db = database.client.db(database.name);
  const all = (name: string) => db.collection(name).find({}, { promoteValues: false }).toArray();
  return { alerts: await all(catalog), aux: await all(`${catalog}_aux`) };
}

/** Each alert many times over two nights: so many that a replay takes a while. */
async function fill(db: Db): Promise<void> {
  const { alerts, aux } = await archived();
  const nightJd = Math.floor(Number(alerts[0]!.candidate.jd));
  const copies = alerts.flatMap(({ _id: _, ...alert }, a) =>
    Array.from({ length: COPIES }, (_, i) => ({
      ...alert,
      candid: 3_000_000_000_000_000_000n + BigInt(a * COPIES + i),
      candidate: {
        ...alert.candidate,
        // Never without a fraction, in the middle of a night.
        jd: nightJd + i % 2 + 0.1 + 1e-4 * a + 1e-6 * (i + 0.5),
      },
    }))
  );
  await db.collection<Document>(catalog).insertMany(copies);
  await db.collection<Document>(`${catalog}_aux`).insertMany(aux);
  await db.collection(catalog).createIndex({ "candidate.jd": 1, candid: 1 });
}

/** One thread a core: two that work at the same time are of two. */
const SETTINGS = { filters: { replay: { batch_max: BATCH, threads: 1 } } };
const filterOf = (more: Document) => [
  { $match: { "candidate.drb": { $gt: 0.1 }, ...more } },
  { $project: { objectId: 1, candid: 1, brightest: { $min: "$prv_candidates.magpsf" } } },
];

let fleet: Fleet;
let db: Db;
let authorization: string;
let span: { start_date: number; end_date: number };
// deno-lint-ignore no-explicit-any -- What an undisturbed one comes to, as it came over the wire.
let undisturbed: any;
before(async () => {
  fleet = await startFleet([fill], 1, SETTINGS);
  db = fleet.dbs[0]!;
  const login = await fetch(`${fleet.edges[0]!.url}/api/auth`, {
    method: "POST",
    body: JSON.stringify(ADMIN),
  });
  authorization = (await login.json()).token;
  const [all] = await db.collection(catalog).aggregate<{ jd: number; dec: number }>([
    { $group: { _id: null, jd: { $min: "$candidate.jd" }, dec: { $avg: "$candidate.dec" } } },
  ]).toArray();
  await ask("POST", "/api/filters", {
    filter_id: 1,
    group_id: 1,
    catalog,
    permissions: [1, 2, 3],
    pipeline: filterOf({ "candidate.dec": { $gt: all!.dec } }),
  });
  span = { start_date: all!.jd - 0.05, end_date: all!.jd + 1.5 };
  undisturbed = await ended(await queue());
});
after(() => fleet[Symbol.asyncDispose]());

const send = (method: string, path: string, body?: unknown) =>
  fetch(`${fleet.edges[0]!.url}${path}`, {
    method,
    headers: { authorization },
    ...body !== undefined && { body: JSON.stringify(body) },
  });
async function ask(method: string, path: string, body?: unknown) {
  const response = await send(method, path, body);
  const told = await response.json();
  assertEquals(response.status, 200, JSON.stringify(told));
  return told.data;
}
const queue = async (): Promise<string> =>
  (await ask("POST", "/api/filters/1/replays", { ...span, pipeline: filterOf({}) })).id;
const state = (id: string) => ask("GET", `/api/replays/${id}`);
async function ended(id: string) {
  for await (const { event } of readEvents(await send("GET", `/api/replays/${id}/events`))) {
    if (event === "end") return await state(id);
  }
  throw new Error("The events ended before the replay did");
}
/** How many of its parts somebody has at this moment. */
async function held(id: string): Promise<number> {
  const { parts } = (await db.collection("replays").findOne({ _id: new ObjectId(id) }))!;
  return parts.filter(({ holder }: { holder: string | null }) => holder !== null).length;
}

describe("a replay over two nights", () => {
  it("runs over all of their alerts, beside the live version", () => {
    assertEquals([undisturbed.state, undisturbed.report.nights.length], ["done", 2]);
    const { alerts, passes, live } = undisturbed.report;
    assertEquals(alerts, undisturbed.progress.alerts_total);
    assert(passes > live.passes && live.passes > 0, `${passes} and ${live.passes}`);
    const { parts, parts_done: done } = undisturbed.progress;
    assert(parts > 2 && parts === done, `${done} of ${parts}`);
  });

  it("keeps passes to be looked at, with pictures", async () => {
    const { sample } = undisturbed.report;
    assertEquals(sample.length, 20);
    const [{ cutouts, data, objectId }] = sample;
    assertEquals(data.objectId, objectId);
    for (const kind of ["science", "template", "difference"]) {
      const response = await send("GET", cutouts[kind]);
      await response.body?.cancel();
      assertEquals([response.status, response.headers.get("content-type")], [200, "image/png"]);
    }
  });

  it("goes on after a kill -9 of its core, and comes to what an undisturbed one does", async () => {
    const [core] = fleet.cores;
    const { alerts } = undisturbed.report;
    const id = await queue();
    await until(async () => (await state(id)).progress.alerts >= alerts / 4);
    await core!.kill();
    await core!.start();
    await until(async () => {
      const response = await send("GET", `/api/replays/${id}`);
      await response.body?.cancel();
      return response.status === 200;
    });
    const found = await state(id);
    assert(found.state === "running" && found.progress.alerts < alerts, JSON.stringify(found));
    assertEquals(withoutTimes(await ended(id)), withoutTimes(undisturbed));
  });

  it("is shared by two cores, and ended by one of them where the other is killed", async () => {
    const [port, dir] = [freePort(), await Deno.makeTempDir({ prefix: "kowalski-core-" })];
    await using other = new Program("core", {
      dir,
      port,
      settings: {
        ...SETTINGS,
        core: { roles: ["query"], port, edge_key: SECRET, data_dir: dir },
        server: { admin_username: ADMIN.username, admin_password: ADMIN.password },
        database: { uri: await mongoUri(), db: db.databaseName },
      },
    });
    await other.start();
    const id = await queue();
    await until(async () => await held(id) === 2);
    await other.kill();
    const { alerts } = undisturbed.report;
    assert((await state(id)).progress.alerts < alerts);
    assertEquals(withoutTimes(await ended(id)), withoutTimes(undisturbed));
    await Deno.remove(dir, { recursive: true });
  });
});

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return (listener.addr as Deno.NetAddr).port;
}
