/** What a first run is given besides packets: catalogs of the simulated sky, and filters to pass. */
import type { Db } from "mongodb";
import { CELL_INDEX } from "../../core/archive/cells.ts";
import { ensureIndexes } from "../../core/archive/indexes.ts";
import type { Document } from "../../core/contract/document.ts";
import { demoCatalogs } from "../../core/sources/simulator/sky.ts";

const FILTERS: { filterId: number; name: string; pipeline: Document[] }[] = [
  {
    filterId: 1,
    name: "bright and real",
    pipeline: [
      { $match: { "candidate.drb": { $gt: 0.9 }, "candidate.magpsf": { $lt: 19 } } },
      { $project: { _id: 0, candid: 1, objectId: 1, magpsf: "$candidate.magpsf" } },
    ],
  },
  {
    filterId: 2,
    name: "beside a galaxy and not a star",
    pipeline: [
      { $match: { "candidate.drb": { $gt: 0.5 }, "candidate.sgscore1": { $lt: 0.5 } } },
      {
        $project: {
          _id: 0,
          candid: 1,
          objectId: 1,
          hosts: { $size: { $ifNull: ["$cross_matches.CLU_20190625", []] } },
          detections: {
            $size: {
              $filter: { input: "$prv_candidates", as: "p", cond: { $gt: ["$$p.magpsf", 0] } },
            },
          },
        },
      },
      { $match: { hosts: { $gt: 0 } } },
    ],
  },
];

/** Inserts what is missing; an archive that has it is left alone. */
export async function insertDemoSky(
  db: Db,
  { seed, objects, nightUtc }: { seed: number; objects: number; nightUtc: Date },
): Promise<void> {
  const rows = db.collection<{ _id: string }>("demo");
  if (await rows.findOne({ _id: "sky", seed, objects })) return;
  for (const { catalog, documents } of demoCatalogs({ seed, objects, nightUtc })) {
    await db.collection(catalog).drop();
    const all = [...documents];
    if (all.length > 0) await db.collection(catalog).insertMany(all as never[]);
    await ensureIndexes(db, catalog, [
      { name: "radec__id", keys: { "coordinates.radec_geojson": "2dsphere", _id: 1 } },
      CELL_INDEX,
    ]);
  }
  await rows.updateOne({ _id: "sky" }, { $set: { seed, objects } }, { upsert: true });
}

/** Two filters to begin with, where there are none. */
export async function insertDemoFilters(db: Db): Promise<void> {
  if (await db.collection("filters").findOne({})) return;
  const now = new Date();
  await db.collection("filters").insertMany(FILTERS.map(({ filterId, name, pipeline }) => ({
    filter_id: filterId,
    group_id: 1,
    name,
    catalog: "ZTF_alerts",
    permissions: [1, 2, 3],
    active: true,
    active_fid: `demo0${filterId}`,
    fv: [{ fid: `demo0${filterId}`, created_at: now, pipeline: JSON.stringify(pipeline) }],
    autosave: false,
    auto_followup: {},
    update_annotations: false,
    created_at: now,
    last_modified: now,
  })));
}
