// A night in any cut gives one archive: batches, replays, damage and history, on a real MongoDB.
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { demoCatalogs } from "./sources/simulator/sky.ts";
import type { CatalogMatch } from "./contract/crossmatch.ts";
import type { Document } from "./contract/document.ts";
import type { IngestJob, IngestReport } from "./contract/ingest.ts";
import type { Packet } from "./contract/packet.ts";
import type { ActiveFilter } from "./contract/passed.ts";
import { dump, openIngest, simulatedPackets } from "../tests/support/ingest.ts";
import { type TestDatabase, testDatabase } from "../tests/support/mongo.ts";

const FILTERS: ActiveFilter[] = [
  [{ $match: { "candidate.drb": { $gt: 0.5 } } }, { $project: { objectId: 1, candid: 1 } }],
  [
    { $match: { "classifications.sum": { $gt: 0 } } },
    { $project: { n: { $size: "$prv_candidates" }, x: "$cross_matches", fp: "$fp_hists" } },
  ],
].map((pipeline, i) => ({
  filterId: i + 1,
  groupId: 1,
  fid: `abcde${i}`,
  permissions: [1, 2, 3],
  pipeline,
  autosave: false,
  autoFollowup: {},
  updateAnnotations: false,
}));

const CATALOGS: CatalogMatch[] = ["Gaia_EDR3", "milliquas"].map((catalog) => ({
  catalog,
  cone_search_radius: 2,
  cone_search_unit: "arcsec",
  filter: {},
  projection: { _id: 1, "coordinates.radec_str": 1 },
  use_distance: false,
}));

const job = (packets: readonly Packet[], filters = FILTERS): IngestJob => ({
  packets,
  filterVersion: String(filters.length),
  filters,
});
const sum = (reports: readonly IngestReport[], key: "stored" | "known" | "passed" | "rejected") =>
  reports.reduce((total, report) => total + report[key], 0);

describe("Ingest", () => {
  const databases: TestDatabase[] = [];
  const fresh = async () => {
    const database = await testDatabase();
    databases.push(database);
    return database;
  };
  let night: Packet[];
  let catalogRows: { catalog: string; documents: Document[] }[];

  beforeAll(() => {
    // Few objects, so that most have several alerts, then a later night of the same objects.
    const later = new Date("2026-11-23T00:00:00Z");
    night = [
      ...simulatedPackets({ alerts: 50, objects: 24 }),
      ...simulatedPackets({ alerts: 40, objects: 24, nightUtc: later }),
    ].map((packet, i) => ({ ...packet, offset: BigInt(i) }));
    catalogRows = [...demoCatalogs({ seed: 1, nightUtc: night0, objects: 24 })]
      .filter(({ catalog }) => CATALOGS.some((match) => match.catalog === catalog))
      .map(({ catalog, documents }) => ({ catalog, documents: [...documents] }));
  });
  const night0 = new Date("2026-11-20T00:00:00Z");
  afterAll(async () => {
    for (const database of databases) await database[Symbol.asyncDispose]();
  });

  async function run(batchSize: number, packets = night) {
    const database = await fresh();
    await using opened = await openIngest(database.uri, database.name, { catalogs: CATALOGS });
    for (const { catalog, documents } of catalogRows) {
      if (documents.length > 0) {
        await opened.db.collection(catalog).insertMany(documents as never[]);
      }
    }
    const reports: IngestReport[] = [];
    for (let at = 0; at < packets.length; at += batchSize) {
      reports.push(await opened.ingest.run(job(packets.slice(at, at + batchSize))));
    }
    return { database, reports, archive: await dump(opened.db) };
  }

  it("gives the same archive and outbox however the stream is cut", async () => {
    const whole = await run(night.length);
    assertEquals(sum(whole.reports, "stored"), night.length);
    assert(sum(whole.reports, "passed") > 0);
    for (const size of [1, 7]) assertEquals((await run(size)).archive, whole.archive);
  });

  it("asks a catalog that failed again, with an object's next alert", async () => {
    const broken = { ...CATALOGS[1]!, filter: { $expr: { $divide: [1, 0] } } };
    const database = await fresh();
    await using failing = await openIngest(database.uri, database.name, {
      catalogs: [CATALOGS[0]!, broken],
    });
    for (const { catalog, documents } of catalogRows) {
      await failing.db.collection(catalog).insertMany(documents as never[]);
    }
    const first = await failing.ingest.run(job(night.slice(0, 30)));
    assert(first.catalogFailures.milliquas! > 0);
    await failing.ingest.run(job(night.slice(30, 40)));
    const left = { cross_matches_failed: "milliquas" };
    const aux = failing.db.collection<Document>("ZTF_alerts_aux");
    assert(await aux.countDocuments(left) > 10);

    await using well = await openIngest(database.uri, database.name, { catalogs: CATALOGS });
    await well.ingest.run(job(night.slice(40)));
    // Objects that had another alert are as if nothing had failed.
    const { archive } = await run(night.length);
    const wanted = new Map(archive.ZTF_alerts_aux!.map((object) => [object._id, object]));
    const healed = await aux.find({ cross_matches_failed: { $exists: false } }).toArray();
    assert(healed.length > 5);
    const counts = (object: Document) =>
      Object.entries(object.cross_matches as Record<string, unknown[]>)
        .map(([name, rows]) => [name, rows.length]);
    for (const object of healed) assertEquals(counts(object), counts(wanted.get(object._id)!));
  });

  it("changes nothing when the same packets come again, in other batches", async () => {
    const { database, archive } = await run(20);
    await using opened = await openIngest(database.uri, database.name, { catalogs: CATALOGS });
    const again = await opened.ingest.run(job(night));
    assertEquals(again.known, night.length);
    assertEquals(again.stored, 0);
    assertEquals(await dump(opened.db), archive);
  });

  it("sets damaged packets aside, with bytes and reason, and stores the others", async () => {
    const packets = night.slice(0, 12).map((packet, i) =>
      i % 3 === 1 ? { ...packet, bytes: packet.bytes.slice(0, 1_000 * i) } : packet
    );
    const { reports, archive } = await run(12, packets);
    assertEquals(sum(reports, "rejected"), 4);
    assertEquals(sum(reports, "stored"), 8);
    for (const { reason, topic, bytes } of archive.rejected!) {
      assert(typeof reason === "string" && reason.length > 10);
      assert(String(topic).startsWith("ztf_"));
      assert(bytes !== undefined);
    }
  });

  it("sends the same commands for 1, 100 and 500 new alerts", async () => {
    const packets = simulatedPackets({ alerts: 602, onePerObject: true });
    const database = await fresh();
    await using opened = await openIngest(database.uri, database.name, { catalogs: CATALOGS });
    const counts: Record<string, number>[] = [];
    // Which catalogs have cells is looked at once a minute, not with each batch.
    await opened.ingest.run(job(packets.slice(0, 1)));
    let at = 1;
    for (const size of [1, 100, 500]) {
      opened.commands.length = 0;
      // What a filter is given of 500 alerts fits a command when not all of the light curves are asked for.
      const report = await opened.ingest.run(
        job(packets.slice(at, at += size), FILTERS.slice(0, 1)),
      );
      assertEquals(report.stored, size);
      assert(report.passed > 0 || size === 1);
      counts.push(
        Object.fromEntries(
          Object.entries(Object.groupBy(opened.commands, (name) => name))
            .filter(([name]) => name !== "endSessions")
            .map(([name, all]) => [name, all!.length]).sort(),
        ),
      );
    }
    // A single alert may pass no filter: then there is no insert into the outbox.
    assertEquals(counts[1], counts[2]);
    assertEquals(counts[0]!.aggregate, counts[1]!.aggregate);
    assertEquals(counts[0]!.find, counts[1]!.find);
    assert(counts[1]!.insert! - counts[0]!.insert! <= 1);
  });

  it("keeps every object's light curve whole when two cores write it at once", async () => {
    const database = await fresh();
    await using a = await openIngest(database.uri, database.name);
    await using b = await openIngest(database.uri, database.name);
    const halves = [night.filter((_, i) => i % 2 === 0), night.filter((_, i) => i % 2 === 1)];
    const retried = async (opened: typeof a, packets: Packet[]) => {
      for (let at = 0; at < packets.length; at += 5) {
        for (let tries = 0;; tries++) {
          try {
            await opened.ingest.run(job(packets.slice(at, at + 5)));
            break;
          } catch (error) {
            if (!/Archive(Away|Busy)Error/.test((error as Error).name) || tries > 20) throw error;
          }
        }
      }
    };
    await Promise.all([retried(a, halves[0]!), retried(b, halves[1]!)]);
    const both = await dump(a.db, ["ZTF_alerts", "ZTF_alerts_aux"]);
    const alone = (await run(night.length)).archive;
    assertEquals(both.ZTF_alerts!.length, night.length);
    assertEquals(
      both.ZTF_alerts_aux!.map(({ _id, prv_candidates }) => ({ _id, prv_candidates })),
      alone.ZTF_alerts_aux!.map(({ _id, prv_candidates }) => ({ _id, prv_candidates })),
    );
  });
});
