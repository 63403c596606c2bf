/** What the ingest benchmark works on: catalogs, filters and packets, all simulated and all seeded. */
import type { Db } from "mongodb";
import { CELL_INDEX } from "../../core/archive/cells.ts";
import { ensureIndexes } from "../../core/archive/indexes.ts";
import type { CatalogMatch } from "../../core/contract/crossmatch.ts";
import type { Document } from "../../core/contract/document.ts";
import { scatterCatalog } from "../../core/sources/simulator/sky.ts";
import type { CatalogName } from "../../core/sources/simulator/catalog_rows.ts";
import { simulate, type SimulatedPacket } from "../../core/sources/simulator/simulate.ts";

export const NIGHTS = [new Date("2026-11-20T00:00:00Z"), new Date("2026-11-23T00:00:00Z")];

const ROWS: readonly [CatalogName, number][] = [
  ["Gaia_EDR3", 1_000_000],
  ["PS1_DR1", 500_000],
  ["AllWISE", 200_000],
  ["2MASS_PSC", 100_000],
  ["GALEX", 60_000],
  ["milliquas", 5_000],
];

export const CATALOGS: readonly CatalogMatch[] = ROWS.map(([catalog]) => ({
  catalog,
  cone_search_radius: 2,
  cone_search_unit: "arcsec",
  filter: {},
  projection: { "coordinates.radec_str": 1 },
  use_distance: false,
}));

/** One alert of each of `alerts` objects, in one of the two nights. */
export function packetsOf(alerts: number, night: number): Iterable<SimulatedPacket> {
  return simulate({
    seed: 1,
    alerts,
    nightUtc: NIGHTS[night]!,
    onePerObject: true,
    kinds: ["variable", "nucleus"],
  });
}

/** Writes packets one after the other, each after its length (4 bytes, big-endian). */
export async function writePackets(path: string, packets: Iterable<SimulatedPacket>) {
  const positions: { raDeg: number; decDeg: number }[] = [];
  using file = await Deno.open(path, { write: true, create: true, truncate: true });
  const writer = file.writable.getWriter();
  for (const { bytes, raDeg, decDeg } of packets) {
    const length = new Uint8Array(4);
    new DataView(length.buffer).setUint32(0, bytes.length);
    await writer.write(length);
    await writer.write(bytes);
    positions.push({ raDeg, decDeg });
  }
  writer.releaseLock();
  return positions;
}

/** Six catalogs around the alerts; `share` makes them smaller. */
export async function insertCatalogs(
  db: Db,
  around: readonly { raDeg: number; decDeg: number }[],
  share: number,
): Promise<void> {
  for (const [catalog, rows] of ROWS) {
    let documents: Document[] = [];
    const insert = async () => {
      if (documents.length > 0) await db.collection(catalog).insertMany(documents as never[]);
      documents = [];
    };
    for (
      const document of scatterCatalog({ catalog, rows: Math.ceil(rows * share), around, seed: 1 })
    ) {
      documents.push(document);
      if (documents.length === 5_000) await insert();
    }
    await insert();
    await ensureIndexes(db, catalog, [
      { name: "radec__id", keys: { "coordinates.radec_geojson": "2dsphere", _id: 1 } },
      CELL_INDEX,
    ]);
  }
}

/** 25 filters as astronomers write them: most alerts fail at a cut, some after a look at the past. */
export async function insertFilters(db: Db): Promise<void> {
  const filters = Array.from({ length: 25 }, (_, i) => ({
    filter_id: i + 1,
    group_id: 1,
    catalog: "ZTF_alerts",
    permissions: [1, 2, 3],
    active: true,
    active_fid: `bench${i}`,
    fv: [{ fid: `bench${i}`, pipeline: JSON.stringify(pipelineOf(i)) }],
  }));
  await db.collection("filters").insertMany(filters);
}

function pipelineOf(i: number): Document[] {
  const bright = {
    $filter: {
      input: "$prv_candidates",
      as: "p",
      cond: { $lt: ["$$p.magpsf", 19.5 - 0.02 * i] },
    },
  };
  return [
    {
      $match: {
        "candidate.drb": { $gt: 0.6 + 0.01 * i },
        "candidate.magpsf": { $lt: 18.6 - 0.03 * i },
        "candidate.ndethist": { $gt: 1 + (i % 3) },
        "candidate.isdiffpos": { $in: ["t", "1"] },
      },
    },
    {
      $project: {
        objectId: 1,
        candid: 1,
        star: {
          $and: [{ $gt: ["$candidate.sgscore1", 0.76] }, { $lt: ["$candidate.distpsnr1", 2] }],
        },
        nBright: { $size: bright },
        peak: { $min: "$prv_candidates.magpsf" },
        ageDays: { $subtract: ["$candidate.jd", "$candidate.jdstarthist"] },
        galaxies: { $size: { $ifNull: ["$cross_matches.GALEX", []] } },
      },
    },
    { $match: { star: false, nBright: { $gte: 2 }, ageDays: { $lt: 60 + 10 * i } } },
  ];
}
