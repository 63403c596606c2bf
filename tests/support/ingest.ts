/** What tests and benchmarks of the ingest share: simulated packets, a scorer without networks, dumps. */
import type { Db } from "mongodb";
import { openArchive } from "../../core/archive/open.ts";
import { ensureSurveyIndexes } from "../../core/archive/indexes.ts";
import { readDocument } from "../../core/archive/bson_read.ts";
import type { CatalogMatch } from "../../core/contract/crossmatch.ts";
import type { Document } from "../../core/contract/document.ts";
import type { Scorer } from "../../core/contract/model.ts";
import type { Packet } from "../../core/contract/packet.ts";
import { simulate, type SimulateOptions } from "../../core/sources/simulator/simulate.ts";
import { Ingest } from "../../core/ingest.ts";
import ztf from "../../catalogs/live/ztf.ts";
import { samplePackets } from "./samples.ts";

export const NIGHT = new Date("2026-11-20T00:00:00Z");

/** Simulated packets as a source gives them, all from one partition. */
export function simulatedPackets(options: Partial<SimulateOptions> & { alerts: number }): Packet[] {
  return [...simulate({ seed: 1, nightUtc: NIGHT, ...options })].map(({ bytes, topic }, i) => ({
    bytes,
    topic,
    partition: 0,
    offset: BigInt(i),
    timestampMs: NIGHT.getTime() + i,
  }));
}

/** The sample packets of ZTF as a source gives them; none where there are none. */
export function realPackets(): Packet[] {
  return [...samplePackets("ztf").values()].map((bytes, i) => ({
    bytes,
    topic: "ztf",
    partition: 0,
    offset: BigInt(i),
    timestampMs: 0,
  }));
}

/** Scores by arithmetic on the inputs: the same inputs, the same score. */
const ARITHMETIC_SCORER: Scorer = {
  models: [{
    name: "sum",
    version: "1",
    file: "",
    featureNames: ["magpsf", "age", "peakmag_so_far", "days_since_peak"],
    triplet: true,
    order: ["features", "triplet"],
  }],
  score({ count, features, triplets }) {
    const size = triplets.length / count;
    const scores = Array.from({ length: count }, (_, i) => {
      let sum = triplets[i * size]!;
      for (const values of features.values()) sum += values[i]!;
      return sum;
    });
    return Promise.resolve({ scores: [{ name: "sum", version: "1", scores }], failures: [] });
  },
  [Symbol.asyncDispose]: () => Promise.resolve(),
};

export interface OpenIngest extends AsyncDisposable {
  readonly db: Db;
  readonly ingest: Ingest;
  /** Names of the commands sent so far, in order. */
  readonly commands: string[];
}

/** An ingest of ZTF on a database of its own. */
export async function openIngest(
  uri: string,
  database: string,
  { catalogs = [], scorer = ARITHMETIC_SCORER }: {
    catalogs?: readonly CatalogMatch[];
    scorer?: Scorer;
  } = {},
): Promise<OpenIngest> {
  const commands: string[] = [];
  const archive = await openArchive({
    uri,
    database,
    appName: "test",
    onCommand: ({ commandName }) => void commands.push(commandName),
  });
  await ensureSurveyIndexes(archive.db, ztf);
  return {
    db: archive.db,
    ingest: new Ingest({ archive, survey: ztf, catalogs, scorer }),
    commands,
    [Symbol.asyncDispose]: () => archive[Symbol.asyncDispose](),
  };
}

/** All documents of some collections, by collection, sorted by `_id`; what differs by time is left out. */
export async function dump(
  db: Db,
  collections = [ztf.collections.alerts, ztf.collections.aux, "outbox", "rejected"],
): Promise<Record<string, Document[]>> {
  const documents: Record<string, Document[]> = {};
  for (const name of collections) {
    const raw = await db.collection(name).find({}, { raw: true, sort: { _id: 1 } }).toArray();
    documents[name] = raw.map((bytes) => {
      const { insertedAt: _, order: __, deliveredTo: ___, doneAt: ____, ...document } =
        readDocument(
          bytes as unknown as Uint8Array,
        );
      return document;
    });
  }
  return documents;
}
