// All workers run the filters of the newest version, and each pass says which version it is of.
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import type { IngestReport } from "./contract/ingest.ts";
import type { Source } from "./contract/packet.ts";
import { runZtfBroker } from "../tests/support/broker.ts";
import { filterDocument, filterOf } from "../tests/support/filters.ts";
import { simulatedPackets } from "../tests/support/ingest.ts";
import { type TestDatabase, testDatabase } from "../tests/support/mongo.ts";

const WORKERS = 2;
const BATCH = 20;
const VERSIONS = ["first1", "secnd2", "third3"];

describe("runSurveyBroker()", () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await testDatabase()));
  afterAll(() => database[Symbol.asyncDispose]());

  it("gives all workers a filter's new version, which each pass is of from then on", async () => {
    const { client, name, uri } = database;
    const db = client.db(name);
    const filters = db.collection("filters");
    const version = (fid: string) => filterDocument({ ...filterOf([{ $match: {} }], 7), fid });
    await filters.insertOne(version(VERSIONS[0]!));
    let read = Promise.withResolvers<void>();
    const reports: IngestReport[][] = [];
    const source: Source = {
      name: "in steps",
      state: () => ({ connected: true, lag: null }),
      async *batches() {
        const packets = simulatedPackets({ alerts: BATCH * VERSIONS.length });
        for (const [i, fid] of VERSIONS.entries()) {
          if (i > 0) {
            read = Promise.withResolvers<void>();
            await filters.replaceOne({ filter_id: 7 }, version(fid));
            await read.promise;
          }
          const committed = Promise.withResolvers<void>();
          yield {
            packets: packets.slice(i * BATCH, (i + 1) * BATCH),
            commit: () => Promise.resolve(committed.resolve()),
          };
          await committed.promise;
        }
      },
    };
    await runZtfBroker({
      uri,
      database: name,
      source,
      workers: WORKERS,
      onReports: (some) => reports.push([...some]),
      onFilters: () => read.resolve(),
    }, new AbortController().signal);

    assertEquals(reports.map((some) => some.length), VERSIONS.map(() => WORKERS));
    assert(reports.flat().every(({ stored, passed }) => stored > 0 && passed === stored));
    const passes = await db.collection("outbox").find().sort({ packetMs: 1 }).toArray();
    assertEquals(
      passes.map(({ fid }) => fid),
      VERSIONS.flatMap((fid) => Array.from({ length: BATCH }, () => fid)),
    );
  });
});
