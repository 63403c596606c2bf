/** How far what was found is from the position asked for, computed where it is found. */
import { toDegrees, toRadians } from "../astro/angles.ts";
import { type Document, toNumber } from "../contract/document.ts";
import type { FindEachOptions, FindOptions } from "../contract/query.ts";
import type { NamedPosition } from "./_radec.ts";

/** Of a match from its position, along the great circle. */
const SEPARATION = "separation_arcsec";

/** Angles are compared to so much: sines and tangents are not exact to the last digit. */
const SLACK_ARCSEC = 1e-9;

/**
 * The options for matches with their separation, the nearest first where nothing else is asked for.
 * `rangeRad`: both ends included, and exactly; a condition by itself is off by 0.2 milliarcseconds.
 */
export function withSeparation(
  options: FindOptions,
  positions: readonly NamedPosition[],
  rangeRad?: readonly [number, number],
): FindEachOptions {
  const { projection, sort } = options;
  return {
    ...options,
    computed: positions.map((position) => ({ [SEPARATION]: separationFrom(position) })),
    ...rangeRad && { having: { [SEPARATION]: within(rangeRad) } },
    sort: sort ?? [[SEPARATION, 1]],
    projection: projection && isInclusive(projection)
      ? { ...projection, [SEPARATION]: 1 }
      : projection,
  };
}

function within([minRad, maxRad]: readonly [number, number]): Document {
  const [min, max] = [minRad, maxRad].map((rad) => toDegrees(rad, "rad") * 3600);
  return { $gte: min! - SLACK_ARCSEC, $lte: max! + SLACK_ARCSEC };
}

/** Whether it names what is shown, rather than what is not. */
function isInclusive(projection: Document): boolean {
  const { _id, ...others } = projection;
  const [first = _id] = Object.values(others);
  return first === true || toNumber(first) !== 0;
}

/** Vincenty's form, as `separationDeg` has it, in MongoDB's words. */
function separationFrom({ raDeg, decDeg }: NamedPosition): Document {
  const [sin, cos] = [Math.sin(toRadians(decDeg, "deg")), Math.cos(toRadians(decDeg, "deg"))];
  const at = (axis: number) => ({
    $arrayElemAt: ["$coordinates.radec_geojson.coordinates", axis],
  });
  const across = { $multiply: [{ $cos: "$$dec" }, { $sin: "$$dra" }] };
  const up = {
    $subtract: [
      { $multiply: [cos, { $sin: "$$dec" }] },
      { $multiply: [sin, { $cos: "$$dec" }, { $cos: "$$dra" }] },
    ],
  };
  const along = {
    $add: [
      { $multiply: [sin, { $sin: "$$dec" }] },
      { $multiply: [cos, { $cos: "$$dec" }, { $cos: "$$dra" }] },
    ],
  };
  const square = (value: Document) => ({ $multiply: [value, value] });
  const separationRad = {
    $atan2: [{ $sqrt: { $add: [square(across), square(up)] } }, along],
  };
  return {
    $let: {
      vars: {
        dec: { $degreesToRadians: at(1) },
        dra: { $degreesToRadians: { $subtract: [at(0), raDeg - 180] } },
      },
      in: { $multiply: [{ $radiansToDegrees: separationRad }, 3600] },
    },
  };
}
