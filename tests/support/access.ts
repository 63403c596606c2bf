/** Three people with different rights, and an archive with rows for each of them: for tests of views. */
import { PERMISSIONS } from "../../core/contract/permissions.ts";
import { BSON, type Db } from "mongodb";
import { archiveView, type ViewOptions } from "../../core/archive/view.ts";
import type { Document } from "../../core/contract/document.ts";
import type { ArchiveView, Principal, RawBatches } from "../../core/contract/query.ts";
import { accessRules } from "./api.ts";

export const admin: Principal = {
  name: "admin",
  admin: true,
  permissions: PERMISSIONS,
  programIds: [1, 2, 3],
};
export const partner: Principal = {
  name: "partner",
  admin: false,
  permissions: ["read"],
  programIds: [1, 2, 3],
};
export const guest: Principal = {
  name: "guest",
  admin: false,
  permissions: ["read"],
  programIds: [1],
};

const ALERTS = [
  { _id: 1, candid: 1n, objectId: "both", candidate: { programid: 1, magpsf: 17.5 } },
  { _id: 2, candid: 2n, objectId: "both", candidate: { programid: 2, magpsf: 18.5 } },
  { _id: 3, candid: 3n, objectId: "secret", candidate: { programid: 3, magpsf: 19.5 } },
].map((alert, i) => ({ ...alert, coordinates: pointAt(10 + i * 1e-4, 5) }));
export const AUX = [
  {
    _id: "both",
    cross_matches: { Gaia: [{ _id: 7 }] },
    prv_candidates: [{ jd: 1, programid: 1 }, { jd: 2, programid: 2 }],
    fp_hists: [{ jd: 3, programid: 2 }],
  },
  { _id: "secret", cross_matches: {}, prv_candidates: [{ jd: 1, programid: 3 }] },
  { _id: "new", cross_matches: {}, prv_candidates: [] },
];
const STARS = Array.from({ length: 300 }, (_, i) => ({
  _id: i,
  mag: i % 7,
  name: `star ${i}`,
  coordinates: pointAt((i % 20) / 10, Math.floor(i / 20) / 10),
}));

export async function fillArchive(db: Db): Promise<void> {
  const filled = (name: string) => db.collection<{ _id: unknown; [field: string]: unknown }>(name);
  await filled("ZTF_alerts").insertMany(ALERTS);
  await db.collection("ZTF_alerts").createIndex({ "coordinates.radec_geojson": "2dsphere" });
  await filled("ZTF_alerts_aux").insertMany(AUX);
  await filled("users").insertOne({ _id: "admin", password: "hash" });
  await filled("filters").insertOne({ _id: 1, filter_id: 1 });
  await filled("stars").insertMany(STARS);
}

/** A view that nobody aborts, with a minute's time. */
export function viewOf(
  db: Db,
  principal: Principal,
  options: Partial<ViewOptions> = {},
): ArchiveView {
  return archiveView(db, principal, accessRules, {
    signal: new AbortController().signal,
    maxTimeMs: 60_000,
    comment: "test",
    ...options,
  });
}

export async function read(batches: RawBatches): Promise<BSON.Document[]> {
  const all: BSON.Document[] = [];
  for await (const batch of batches) all.push(...batch.map((raw) => BSON.deserialize(raw)));
  return all;
}

function pointAt(raDeg: number, decDeg: number): Document {
  return { radec_geojson: { type: "Point", coordinates: [raDeg - 180, decDeg] } };
}
