/** Small catalogs whose rows say which they are of, to be shared out over several cores. */
import type { Db, Document } from "mongodb";

export const ROWS = 60;

/** With an index on the positions. */
export async function fillCatalogs(db: Db, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const rows = Array.from({ length: ROWS }, (_, i) => row(name, i));
    await db.collection<Document>(name).insertMany(rows);
    await db.collection(name).createIndex({ "coordinates.radec_geojson": "2dsphere" });
  }
}

/** A row a hundredth of a degree from the next. */
export function row(of: string, i: number): Document {
  const [raDeg, decDeg] = position(i);
  const radec_geojson = { type: "Point", coordinates: [raDeg - 180, decDeg] };
  return { _id: i, of, coordinates: { radec_geojson } };
}

/** Right ascension and declination, degrees. */
export function position(i: number): [number, number] {
  return [10 + i / 100, 5];
}
