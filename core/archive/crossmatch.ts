/** Finds what lies around many positions, with one command a catalog. */
import type { Db } from "mongodb";
import { separationDeg, toDegrees, toRadians } from "../astro/angles.ts";
import { matchGalaxies } from "../astro/galaxy_match.ts";
import { CELLS_RADIUS_DEG_MAX, cellsAround } from "../astro/sky_cells.ts";
import type { CatalogMatch } from "../contract/crossmatch.ts";
import { type Document, toNumber } from "../contract/document.ts";
import { readDocument } from "./bson_read.ts";
import { CELL, type CellCatalogs } from "./cells.ts";
import { isTransient } from "./errors.ts";

export interface Position {
  readonly raDeg: number;
  readonly decDeg: number;
}

export interface CrossMatches {
  /** For each position, `{ catalog: [matches] }` with every catalog, in the order of the settings. */
  readonly matches: Document[];
  /** Catalogs that could not be asked, with the reason: their lists are empty. */
  readonly failures: Readonly<Record<string, string>>;
}

/** MongoDB takes 1,000 stages in a pipeline. */
const POSITIONS_PER_COMMAND = 900;
const ROWS_PER_REPLY = 1_000_000;
/** Which position a match belongs to; taken out again before anybody sees it. */
const POSITION = "_position";
/** Where a row is, to be taken out again too. */
const CELL_OF_ROW = "_cell";
const POINT = "_point";

/**
 * Matches each position to each catalog. A catalog that fails costs its own matches only; what
 * could help by trying again (a server that is away) is thrown.
 */
export async function crossmatch(
  db: Db,
  catalogs: readonly CatalogMatch[],
  positions: readonly Position[],
  cells: CellCatalogs,
): Promise<CrossMatches> {
  const matches = positions.map((): Document => ({}));
  const failures: Record<string, string> = {};
  if (positions.length === 0) return { matches, failures };
  const found = await Promise.all(
    catalogs.map((match) =>
      matchCatalog(db, match, positions, cells).catch((error) => {
        if (isTransient(error)) throw error;
        failures[match.catalog] = String(error.message ?? error);
        return positions.map((): Document[] => []);
      })
    ),
  );
  catalogs.forEach(({ catalog }, c) => {
    found[c]!.forEach((documents, p) => matches[p]![catalog] = documents);
  });
  return { matches, failures };
}

async function matchCatalog(
  db: Db,
  match: CatalogMatch,
  positions: readonly Position[],
  cells: CellCatalogs,
): Promise<Document[][]> {
  const radiusDeg = toDegrees(match.cone_search_radius, match.cone_search_unit);
  const found = radiusDeg <= CELLS_RADIUS_DEG_MAX && await cells.has(match.catalog)
    ? await findInCells(db, match, positions, radiusDeg)
    : await findInCones(db, match, positions);
  if (!match.use_distance) return found;
  return found.map((galaxies, p) =>
    matchGalaxies(match, positions[p]!.raDeg, positions[p]!.decDeg, galaxies)
  );
}

/** All positions by one look-up in the index of cells; what is near is told from what isn't here. */
async function findInCells(
  db: Db,
  match: CatalogMatch,
  positions: readonly Position[],
  radiusDeg: number,
): Promise<Document[][]> {
  const byCell = new Map<number, number[]>();
  positions.forEach((position, p) => {
    for (const cell of cellsAround(position, radiusDeg)) {
      const touched = byCell.get(cell);
      touched ? touched.push(p) : byCell.set(cell, [p]);
    }
  });
  const found = positions.map((): Document[] => []);
  const projected = projection(match, {
    [CELL_OF_ROW]: `$${CELL}`,
    [POINT]: "$coordinates.radec_geojson.coordinates",
  });
  const cursor = db.collection(match.catalog).aggregate([
    { $match: { ...match.filter, [CELL]: { $in: [...byCell.keys()] } } },
    ...projected,
  ], { raw: true, batchSize: ROWS_PER_REPLY });
  for await (const raw of cursor) {
    const row = readDocument(raw as unknown as Uint8Array);
    const { [CELL_OF_ROW]: cell, [POINT]: point, ...document } = row;
    const [longitude, latitude] = (point as unknown[]).map(toNumber) as [number, number];
    const at = { raDeg: longitude + 180, decDeg: latitude };
    for (const p of byCell.get(toNumber(cell))!) {
      if (separationDeg(positions[p]!, at) <= radiusDeg) found[p]!.push(document);
    }
  }
  return found;
}

async function findInCones(
  db: Db,
  match: CatalogMatch,
  positions: readonly Position[],
): Promise<Document[][]> {
  const found = positions.map((): Document[] => []);
  for (let at = 0; at < positions.length; at += POSITIONS_PER_COMMAND) {
    const cones = positions.slice(at, at + POSITIONS_PER_COMMAND)
      .map((position, i) => cone(match, position, at + i));
    // A union of cones: each is planned on its own and walks the index of positions. One `$or` of
    // them tests every document that it finds against every cone: 2.8 ms a position against 0.1.
    const [first, ...rest] = cones;
    const cursor = db.collection(match.catalog).aggregate([
      ...first!,
      ...rest.map((pipeline) => ({ $unionWith: { coll: match.catalog, pipeline } })),
    ], { raw: true, batchSize: ROWS_PER_REPLY });
    for await (const raw of cursor) {
      const { [POSITION]: position, ...document } = readDocument(raw as unknown as Uint8Array);
      found[position as number]!.push(document);
    }
  }
  return found;
}

function cone(match: CatalogMatch, { raDeg, decDeg }: Position, position: number): Document[] {
  const radius = toRadians(match.cone_search_radius, match.cone_search_unit);
  return [
    {
      $match: {
        "coordinates.radec_geojson": {
          $geoWithin: { $centerSphere: [[raDeg - 180, decDeg], radius] },
        },
        ...match.filter,
      },
    },
    ...projection(match, { [POSITION]: { $literal: position } }),
  ];
}

/** The stages that leave of a row what is asked for, and `marks`. */
function projection(match: CatalogMatch, marks: Document): Document[] {
  const names = Object.entries(match.projection);
  const includes = names.some(([name, shown]) => shown === 1 && name !== "_id");
  if (includes) return [{ $project: { ...match.projection, ...marks } }];
  return [
    { $addFields: marks },
    ...names.length > 0 ? [{ $project: match.projection }] : [],
  ];
}
