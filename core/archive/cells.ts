/** Catalogs whose rows know their cell of the sky: `coordinates.cell`, with an index on it. */
import type { Db } from "mongodb";
import { cellExpression } from "../astro/sky_cells.ts";
import { isTransient } from "./errors.ts";

export const CELL = "coordinates.cell";
export const CELL_INDEX = { name: "cell", keys: { [CELL]: 1 } } as const;

/** Rows that are added without a cell are seen this late: until then they are not matched. */
const AGE_MS_MAX = 60_000;
/** Rows that get their cell with one command. */
const ROWS_PER_UPDATE = 20_000;

/** Which catalogs can be asked by cells, looked at again every minute. */
export class CellCatalogs {
  readonly #db: Db;
  readonly #known = new Map<string, { readonly hasCells: boolean; readonly atMs: number }>();

  constructor(db: Db) {
    this.#db = db;
  }

  /** Throws what trying again may help. */
  async has(catalog: string): Promise<boolean> {
    const known = this.#known.get(catalog);
    if (known && performance.now() - known.atMs <= AGE_MS_MAX) return known.hasCells;
    const hasCells = await this.#look(catalog);
    this.#known.set(catalog, { hasCells, atMs: performance.now() });
    return hasCells;
  }

  /** Whether the index is there and no row is without a cell, which the index tells at once. */
  async #look(catalog: string): Promise<boolean> {
    try {
      const row = await this.#db.collection(catalog).findOne({ [CELL]: null }, {
        hint: CELL_INDEX.name,
        projection: { _id: 1 },
      });
      return row === null;
    } catch (error) {
      if (isTransient(error)) throw error;
      return false; // There is no such index.
    }
  }
}

/**
 * Gives each row of a catalog its cell, and the catalog the index; rows that have one keep it. Tells
 * how many rows it has looked at.
 */
export async function addCells(
  db: Db,
  catalog: string,
  onRows: (rows: number) => void,
): Promise<void> {
  const collection = db.collection(catalog);
  const without = { [CELL]: null, "coordinates.radec_geojson.coordinates.1": { $exists: true } };
  let done = 0;
  const ids: unknown[] = [];
  const update = async () => {
    await collection.updateMany({ _id: { $in: ids as never[] }, ...without }, [
      { $set: { [CELL]: cellExpression() } },
    ]);
    onRows(done += ids.length);
    ids.length = 0;
  };
  for await (const { _id } of collection.find({}, { projection: { _id: 1 } }).sort({ _id: 1 })) {
    ids.push(_id);
    if (ids.length === ROWS_PER_UPDATE) await update();
  }
  if (ids.length > 0) await update();
  await collection.createIndex(CELL_INDEX.keys, { name: CELL_INDEX.name });
}
