/** Catalogs of the simulated sky, and large ones to try the cross-match with. */
import type { Document } from "../../contract/document.ts";
import { CATALOG_NAMES, type CatalogName, catalogRow, type CatalogSource } from "./catalog_rows.ts";
import { nightOf } from "./exposures.ts";
import { Random } from "./random.ts";
import { cosDeg, type Neighbour, Sky, type SkyObject, type SkyOptions } from "./sky_object.ts";

export interface DemoCatalogsOptions extends SkyOptions {
  readonly nightUtc: Date;
  /** As `simulate` shows them: each has an alert at least, so the number of alerts is never too small. */
  readonly objects: number;
  readonly startAt?: number;
}

/** The chance that a catalog has a row of a source, by the source's type; and how faint it sees. */
const DEPTHS: Readonly<
  Record<CatalogName, { star: number; galaxy: number; quasar: number; faintestMag: number }>
> = {
  "2MASS_PSC": { star: 0.9, galaxy: 0.6, quasar: 0.4, faintestMag: 17.5 },
  "AllWISE": { star: 0.7, galaxy: 0.8, quasar: 0.95, faintestMag: 19 },
  "Gaia_DR2": { star: 0.97, galaxy: 0.1, quasar: 0.8, faintestMag: 20.7 },
  "Gaia_EDR3": { star: 0.98, galaxy: 0.12, quasar: 0.85, faintestMag: 20.7 },
  "Gaia_DR2_WD": { star: 0.06, galaxy: 0, quasar: 0, faintestMag: 20.7 },
  "PS1_STRM": { star: 0.95, galaxy: 0.95, quasar: 0.95, faintestMag: 22.5 },
  "galaxy_redshifts_20200522": { star: 0, galaxy: 0.7, quasar: 0.6, faintestMag: 20 },
  "GALEX": { star: 0.1, galaxy: 0.5, quasar: 0.7, faintestMag: 20 },
  "IGAPS_DR2": { star: 0.15, galaxy: 0, quasar: 0, faintestMag: 20.5 },
  "LAMOST_DR5_v3": { star: 0.15, galaxy: 0.2, quasar: 0.2, faintestMag: 18 },
  "PS1_DR1": { star: 0.97, galaxy: 0.97, quasar: 0.97, faintestMag: 22.5 },
  "CLU_20190625": { star: 0, galaxy: 0.9, quasar: 0, faintestMag: 99 },
  "NED_BetaV3": { star: 0, galaxy: 0.95, quasar: 0, faintestMag: 99 },
  "milliquas": { star: 0, galaxy: 0, quasar: 0.95, faintestMag: 22 },
};
/** The galaxy catalogs have those of which the distance is known. */
const OF_KNOWN_DISTANCE: readonly CatalogName[] = [
  "galaxy_redshifts_20200522",
  "CLU_20190625",
  "NED_BetaV3",
];

/**
 * Each catalog's rows of the sources around the simulated objects: variables' own stars, nuclei and
 * hosts of supernovae (with redshifts and distances), and what lies beside them. A mover's place is empty.
 */
export function* demoCatalogs(
  { nightUtc, objects, startAt = 0, ...options }: DemoCatalogsOptions,
): Generator<{ catalog: CatalogName; documents: Iterable<Document> }> {
  const sky = new Sky(options);
  const night = nightOf(nightUtc);
  for (const catalog of CATALOG_NAMES) {
    yield { catalog, documents: rowsOf(catalog, sky, night, { from: startAt, objects }) };
  }
}

function* rowsOf(
  catalog: CatalogName,
  sky: Sky,
  night: number,
  { from, objects }: { from: number; objects: number },
): Generator<Document> {
  let number = 0;
  for (let slot = from; slot < from + objects; slot++) {
    const object = sky.object(slot, night);
    for (const [nth, neighbour] of object.neighbours.entries()) {
      const source = sourceOf(object, neighbour, nth);
      const random = new Random(sky.seed, catalog, slot, object.birthNight, nth);
      const { [source.type]: chance, faintestMag } = DEPTHS[catalog];
      const known = source.redshift !== null || !OF_KNOWN_DISTANCE.includes(catalog);
      if (!random.chance(chance) || source.mag > faintestMag || !known) continue;
      yield catalogRow(catalog, scattered(source, random), random, number++);
    }
  }
}

/** The first of an object's neighbours is its star, its nucleus or its host; a mover has none of these. */
function sourceOf(object: SkyObject, neighbour: Neighbour, nth: number): CatalogSource {
  const { raDeg, decDeg, mags, score } = neighbour;
  const own = nth === 0 && object.kind !== "mover";
  return {
    raDeg,
    decDeg,
    type: own && object.kind === "nucleus" ? "quasar" : score > 0.5 ? "star" : "galaxy",
    mag: mags[1] ?? mags[2] ?? 22,
    redshift: own ? object.redshift : null,
  };
}

/** Each catalog has measured the place anew: 0.05 arcsec off. */
function scattered(source: CatalogSource, random: Random): CatalogSource {
  return { ...source, ...offset(source, Math.abs(random.normal(0, 0.05)) / 3600, random) };
}

export interface ScatterOptions {
  readonly catalog: CatalogName;
  readonly rows: number;
  readonly around: readonly Position[];
  readonly seed: number;
  /** The share of the positions that have a row within 1.5 arcsec. */
  readonly matchedShare?: number;
  /** How far around its position a row may lie. */
  readonly radiusDeg?: number;
}

interface Position {
  readonly raDeg: number;
  readonly decDeg: number;
}

/** A large catalog, made row by row: as many at each of the positions. */
export function* scatterCatalog(options: ScatterOptions): Generator<Document> {
  const { catalog, rows, around, seed, matchedShare = 0.6, radiusDeg = 0.25 } = options;
  if (around.length === 0) {
    throw new RangeError("Cannot scatter a catalog as there must be a position to put it around");
  }
  const random = new Random(seed, "scatter", catalog);
  for (let number = 0; number < rows; number++) {
    const centre = around[number % around.length]!;
    const matched = number < around.length && random.chance(matchedShare);
    // The root makes the disc even.
    const distanceDeg = matched
      ? random.between(0, 1.5 / 3600)
      : radiusDeg * Math.sqrt(random.next());
    const type = random.pick(["star", "star", "galaxy", "quasar"] as const);
    const source = {
      ...offset(centre, distanceDeg, random),
      type,
      mag: random.between(13, 21.5),
      redshift: type === "star" ? null : random.between(0.005, 0.1),
    };
    yield catalogRow(catalog, source, random, number);
  }
}

function offset({ raDeg, decDeg }: Position, distanceDeg: number, random: Random): Position {
  const angle = random.between(0, 2 * Math.PI);
  const dec = Math.min(89.999, Math.max(-89.999, decDeg + distanceDeg * Math.cos(angle)));
  const ra = raDeg + distanceDeg * Math.sin(angle) / cosDeg(dec);
  return { raDeg: (ra % 360 + 360) % 360, decDeg: dec };
}
