/** The forms that a skymap is sent in: which it is, what it is called, and the map that it makes. */
import { z } from "zod";
import type { Direction } from "../astro/angles.ts";
import { fromUniq } from "../astro/healpix.ts";
import { parseExact } from "../contract/json.ts";
import { plainNumbers } from "../contract/plain_numbers.ts";
import { QueryError } from "../contract/query.ts";
import type { SkymapSource } from "./contours.ts";
import { readFitsMap } from "./fits_map.ts";
import { coneMap, ellipseMap, polygonMap } from "./shapes.ts";
import { toSkyMap } from "./sky_map.ts";

/** A map that is known by name, and made when it is needed. */
export interface NamedSource {
  readonly localizationName: string;
  make(download: Download): SkymapSource | Promise<SkymapSource>;
}

/** The bytes behind an address, where it is one that may be asked. Throws `QueryError`. */
export type Download = (url: string) => Promise<Uint8Array<ArrayBuffer>>;

const CELLS_MAX = 1_000_000;
const CORNERS_MAX = 1_000;
const NAME_LENGTH_MAX = 500;

const Name = z.string().min(1).max(NAME_LENGTH_MAX);
/** Text of a number is a number. */
const Angle = z.preprocess(
  (value) => typeof value === "string" && value.trim() !== "" ? Number(value) : value,
  z.number(),
);
const Ra = Angle.pipe(z.number().gte(0).lte(360));
const Dec = Angle.pipe(z.number().gte(-90).lte(90));
const Corner = z.tuple([Ra, Dec]).transform(([raDeg, decDeg]): Direction => ({ raDeg, decDeg }));
const Corners = z.array(Corner).min(3).max(CORNERS_MAX);

/** In the order they are tried: the first whose keys are all there. */
const FORMS = [
  form({
    localization_name: Name,
    uniq: z.array(z.int()).min(1).max(CELLS_MAX),
    probdensity: z.array(z.number()).min(1).max(CELLS_MAX),
  }, ({ localization_name, uniq, probdensity }) => ({
    localizationName: localization_name,
    make: () => ({ map: readyMap(uniq, probdensity) }),
  })),
  form({ url: z.string().max(2_000) }, ({ url }) => urlSource(url)),
  form({ localization_name: Name, content: z.string() }, ({ localization_name, content }) => ({
    localizationName: localization_name,
    make: async () => ({ map: await readFitsMap(decodeContent(content)) }),
  })),
  form(
    { ra: Ra, dec: Dec, error: Angle.pipe(z.number().gt(0).lte(180)) },
    ({ ra, dec, error }) => coneSource({ raDeg: ra, decDeg: dec }, error),
  ),
  form({
    localization_name: Name,
    polygon: z.preprocess(
      fromText,
      z.union([Corners, z.object({ center: Corner, corners: Corners })]),
    ),
  }, ({ localization_name, polygon }) => ({
    localizationName: localization_name,
    make: () =>
      Array.isArray(polygon)
        ? { map: polygonMap(polygon) }
        : { map: polygonMap(polygon.corners), centre: polygon.center },
  })),
  form({
    localization_name: Name,
    ra: Ra,
    dec: Dec,
    amaj: Angle.pipe(z.number().gt(0).lte(90)),
    amin: Angle.pipe(z.number().gt(0).lte(90)),
    phi: Angle.pipe(z.number().gte(-360).lte(360)),
  }, ({ localization_name, ra, dec, amaj, amin, phi }) => ({
    localizationName: localization_name,
    make: () => ({
      map: ellipseMap({ raDeg: ra, decDeg: dec }, { amajDeg: amaj, aminDeg: amin, phiDeg: phi }),
    }),
  })),
];

/** Throws `QueryError` for what is of no form, or wrong in its own. */
export function toSource(skymap: Readonly<Record<string, unknown>>): NamedSource {
  const found = FORMS.find(({ keys }) => keys.every((key) => Object.hasOwn(skymap, key)));
  if (found === undefined) throw new QueryError("Exception: Invalid skymap data");
  return found.read(skymap);
}

/** A Gaussian; its name is what the original gave it. */
export function coneSource(centre: Direction, sigmaDeg: number): NamedSource {
  const { raDeg, decDeg } = centre;
  return {
    localizationName: [raDeg, decDeg, sigmaDeg].map((deg) => deg.toFixed(5)).join("_"),
    make: () => ({ map: coneMap(centre, sigmaDeg), cone: { centre, sigmaDeg } }),
  };
}

/** A FITS map elsewhere, by the last part of its path. */
export function urlSource(url: string): NamedSource {
  return {
    localizationName: lastPart(url),
    make: async (download) => ({ map: await readFitsMap(await download(url)) }),
  };
}

function form<Shape extends z.ZodRawShape>(
  shape: Shape,
  toNamed: (parsed: z.output<z.ZodObject<Shape>>) => NamedSource,
) {
  const schema = z.object(shape);
  return {
    keys: Object.keys(shape),
    read(skymap: unknown): NamedSource {
      const parsed = schema.safeParse(skymap);
      if (parsed.success) return toNamed(parsed.data);
      throw new QueryError(`Invalid skymap data: ${z.prettifyError(parsed.error)}`);
    },
  };
}

function readyMap(uniqs: readonly number[], densities: readonly number[]) {
  if (uniqs.length !== densities.length) {
    throw new QueryError(
      `Cannot use the skymap as uniq and probdensity must be of one length: current values are ` +
        `${uniqs.length} and ${densities.length}`,
    );
  }
  const cells = uniqs.map((uniq) => {
    const cell = fromUniq(uniq);
    if (cell !== undefined) return cell;
    throw new QueryError(`Cannot use the skymap as ${uniq} in uniq is no pixel's number`);
  });
  return toSkyMap({
    orders: Uint8Array.from(cells, ({ order }) => order),
    ipix: Float64Array.from(cells, ({ ipix }) => ipix),
  }, Float64Array.from(densities));
}

function decodeContent(content: string): Uint8Array<ArrayBuffer> {
  // A data URL says what it is before the comma.
  const base64 = content.startsWith("data:") ? content.slice(content.indexOf(",") + 1) : content;
  try {
    return Uint8Array.fromBase64(base64);
  } catch (error) {
    throw new QueryError("Could not decode file content", { cause: error });
  }
}

function fromText(polygon: unknown): unknown {
  return typeof polygon === "string" ? plainNumbers(parseExact(polygon)) : polygon;
}

function lastPart(url: string): string {
  const name = URL.canParse(url) ? new URL(url).pathname.split("/").at(-1)! : "";
  if (name !== "" && name.length <= NAME_LENGTH_MAX) return name;
  throw new QueryError("Invalid skymap data: url must be an address whose path has a last part");
}
