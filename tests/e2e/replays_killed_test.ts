/** A replay over two nights whose core is killed in the middle: it goes on, and nothing counts twice. */
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import type { Db, Document } from "mongodb";
import { ADMIN } from "../support/api.ts";
import { openIngest, simulatedPackets } from "../support/ingest.ts";
import { testDatabase } from "../support/mongo.ts";
import { readEvents, withoutTimes } from "../support/replays.ts";
import { noSamples, samplePackets } from "../support/samples.ts";
import { until } from "../support/until.ts";
import { startFleet } from "./_instances.ts";

const catalog = "ZTF_alerts";
/** Copies of each alert, in turn of the first and the second night. */
const COPIES = 40;
const BATCH = 4;

/** The real packets, or simulated ones where they aren't here, as the pipeline archives them. */
async function archived(): Promise<{ alerts: Document[]; aux: Document[] }> {
  await using database = await testDatabase();
  await using open = await openIngest(database.uri, database.name);
  const packets = noSamples
    ? simulatedPackets({ alerts: 25 })
    : [...samplePackets("ztf").values()].map((bytes, i) => ({
      bytes,
      topic: "ztf",
      partition: 0,
      offset: BigInt(i),
      timestampMs: 0,
    }));
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

describe("a replay over two nights", () => {
  it("goes on after a kill -9 of its core, and comes to what an undisturbed one does", async () => {
    await using fleet = await startFleet([fill], 1, {
      filters: { replay: { batch_max: BATCH } },
    });
    const [core] = fleet.cores;
    const { url } = fleet.edges[0]!;
    const login = await fetch(`${url}/api/auth`, { method: "POST", body: JSON.stringify(ADMIN) });
    const { token: authorization } = await login.json();
    async function ask(method: string, path: string, body?: unknown) {
      const response = await fetch(`${url}${path}`, {
        method,
        headers: { authorization },
        ...body !== undefined && { body: JSON.stringify(body) },
      });
      const told = await response.json();
      assertEquals(response.status, 200, JSON.stringify(told));
      return told.data;
    }
    const drbAbove = (least: number) => [
      { $match: { "candidate.drb": { $gt: least } } },
      { $project: { objectId: 1, candid: 1, brightest: { $min: "$prv_candidates.magpsf" } } },
    ];
    const filter = { filter_id: 1, group_id: 1, catalog, permissions: [1, 2, 3] };
    await ask("POST", "/api/filters", { ...filter, pipeline: drbAbove(0.9) });
    const [{ jd: first }] = await fleet.dbs[0]!.collection(catalog).aggregate<{ jd: number }>([
      { $group: { _id: null, jd: { $min: "$candidate.jd" } } },
    ]).toArray() as [{ jd: number }];
    const span = { start_date: first - 0.05, end_date: first + 1.5 };
    const queue = async (): Promise<string> =>
      (await ask("POST", "/api/filters/1/replays", { ...span, pipeline: drbAbove(0.1) })).id;
    const state = (id: string) => ask("GET", `/api/replays/${id}`);
    async function ended(id: string) {
      const events = await fetch(`${url}/api/replays/${id}/events`, { headers: { authorization } });
      for await (const { event } of readEvents(events)) if (event === "end") return await state(id);
      throw new Error("The events ended before the replay did");
    }

    const undisturbed = await ended(await queue());
    assertEquals([undisturbed.state, undisturbed.report.nights.length], ["done", 2]);
    const { alerts, passes, live } = undisturbed.report;
    assert(alerts === undisturbed.progress.alerts_total && passes > live.passes, `${passes}`);

    const id = await queue();
    await until(async () => (await state(id)).progress.alerts >= alerts / 4);
    await core!.kill();
    await core!.start();
    const found = await until(async () => {
      const response = await fetch(`${url}/api/replays/${id}`, { headers: { authorization } });
      await response.body?.cancel();
      return response.status === 200;
    }).then(() => state(id));
    assert(found.state === "running" && found.progress.alerts < alerts, JSON.stringify(found));
    const resumed = await ended(id);
    assertEquals(withoutTimes(resumed), withoutTimes(undisturbed));
  });
});
