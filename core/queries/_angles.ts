/** Angles of queries: their units, and distances on the sky. */
import { type AngleUnit, toRadians } from "../astro/angles.ts";
import { ANGLE_UNITS } from "../contract/crossmatch.ts";
import { toNumber } from "../contract/document.ts";
import { shortText } from "../contract/json.ts";
import { QueryError } from "../contract/query.ts";

export function toUnit(unit: unknown): AngleUnit {
  const known = ANGLE_UNITS.find((name) => name === unit);
  if (known !== undefined) return known;
  const names = ANGLE_UNITS.map((name) => `'${name}'`).join(", ");
  throw new QueryError(`Exception: Angular units not in (${names})`);
}

/** A number, or the text of one, of 0 to 180 degrees. Throws `QueryError` with the field's name. */
export function toDistanceRad(name: string, distance: unknown, unit: AngleUnit): number {
  const number = typeof distance === "string" && distance.trim() !== ""
    ? Number(distance)
    : toNumber(distance);
  const distanceRad = toRadians(number, unit);
  if (distanceRad >= 0 && distanceRad <= Math.PI) return distanceRad;
  throw new QueryError(
    `ValueError: ${name} must be in [0, 180] deg: current value is ${shortText(distance)} ${unit}`,
  );
}
