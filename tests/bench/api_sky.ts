/** What the benchmark of the API works on: simulated alerts, and a catalog around them. */
import type { Db } from "mongodb";
import ztf from "../../catalogs/live/ztf.ts";
import { ensureIndexes } from "../../core/archive/indexes.ts";
import type { Document } from "../../core/contract/document.ts";
import { decodePacket } from "../../core/pipeline/decode.ts";
import { scatterCatalog } from "../../core/sources/simulator/sky.ts";
import { simulate } from "../../core/sources/simulator/simulate.ts";
import { NIGHTS } from "./ingest_sky.ts";

export const CATALOG = "Gaia_EDR3";
export const ALERTS = ztf.collections.alerts;
/** Copies of alerts with their cutouts, for an answer that no memory should hold. */
export const LARGE = "large";

export interface ApiSky {
  readonly candids: readonly bigint[];
  readonly objectIds: readonly string[];
  readonly positions: readonly { readonly raDeg: number; readonly decDeg: number }[];
  /** Of the documents in `LARGE` as JSON, about. */
  readonly largeBytes: number;
}

export async function fillSky(
  db: Db,
  { alerts, rows, largeBytes }: { alerts: number; rows: number; largeBytes: number },
): Promise<ApiSky> {
  const packets = [...simulate({ seed: 1, alerts, nightUtc: NIGHTS[0]! })];
  const stored = packets.map(({ bytes }) => ztf.toAlert(decodePacket(bytes)[0]!));
  await insert(db, ALERTS, stored.map(({ document }) => document));
  await ensureIndexes(db, ALERTS, ztf.indexes);
  const positions = stored.map(({ raDeg, decDeg }) => ({ raDeg, decDeg }));
  await insert(db, CATALOG, scatterCatalog({ catalog: CATALOG, rows, around: positions, seed: 1 }));
  await ensureIndexes(db, CATALOG, [
    { name: "radec__id", keys: { "coordinates.radec_geojson": "2dsphere", _id: 1 } },
  ]);
  const bytesEach = stored.reduce((sum, { cutouts }) => sum + jsonBytes(cutouts), 0) /
    stored.length;
  const copies = Math.ceil(largeBytes / bytesEach);
  await insert(
    db,
    LARGE,
    Iterator.from(Array(copies).keys())
      .map((i) => ({ ...stored[i % stored.length]!.document, _id: i })),
  );
  return {
    candids: stored.map(({ candid }) => BigInt(candid)),
    objectIds: [...new Set(stored.map(({ objectId }) => objectId))],
    positions,
    largeBytes: copies * bytesEach,
  };
}

/** Cutouts are most of an alert, and are base64 in JSON. */
function jsonBytes(cutouts: Readonly<Record<string, Uint8Array | null>>): number {
  return Object.values(cutouts).reduce((sum, bytes) => sum + (bytes?.length ?? 0) * 4 / 3, 0);
}

async function insert(db: Db, name: string, documents: Iterable<Document>): Promise<void> {
  let some: Document[] = [];
  const flush = async () => {
    if (some.length > 0) await db.collection(name).insertMany(some as never[]);
    some = [];
  };
  for (const document of documents) {
    some.push(document);
    if (some.length === 1_000) await flush();
  }
  await flush();
}
