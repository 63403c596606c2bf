/** `$geoWithin` of points in a circle on the sphere: `{ $centerSphere: [[longitude, latitude], radians] }`. */
import type { Document } from "../../../contract/document.ts";
import { NotCompiled } from "../errors.ts";
import { isNumber, isObject, plainNumber } from "../values.ts";
import type { Test } from "./elements.ts";

type Vector = readonly [x: number, y: number, z: number];

const RADIANS = Math.PI / 180;

export function compileGeoWithin(operand: unknown): Test {
  if (!isObject(operand)) throw new NotCompiled("$geoWithin needs an object");
  const [[shape, circle], ...others] = Object.entries(operand) as [[string, unknown]];
  if (shape !== "$centerSphere" || others.length > 0) {
    throw new NotCompiled(`$geoWithin with ${shape}, as it isn't a circle on the sphere`);
  }
  if (!Array.isArray(circle) || circle.length !== 2) {
    throw new NotCompiled("$centerSphere needs a centre and a radius");
  }
  const centre = toVector(circle[0]);
  const radius = numberOf(circle[1]);
  if (centre === null || !(radius >= 0) || radius >= Math.PI) {
    throw new NotCompiled("$centerSphere needs a place on the sphere and a radius in [0, pi)");
  }
  // The chord, as MongoDB's library does it.
  const heightMax = 2 * Math.sin(radius / 2) ** 2;
  return (value) => {
    const place = pointOf(value);
    if (place === null) return false;
    const squared = place.reduce((sum, x, i) => sum + (x - centre[i]!) ** 2, 0);
    return squared <= 2 * heightMax;
  };
}

/** The place of a GeoJSON point, or of a pair of numbers; null for what has none. */
function pointOf(value: unknown): Vector | null {
  if (isObject(value) && typeof value.type === "string") {
    if (value.type !== "Point") throw new NotCompiled(`$geoWithin of a ${value.type}`);
    if (!Array.isArray(value.coordinates)) return null;
    return toVector(value.coordinates);
  }
  return Array.isArray(value) ? toVector(value) : isObject(value) ? toVector(pair(value)) : null;
}

function pair(point: Document): unknown[] {
  return Object.values(point);
}

/** From longitude and latitude, degrees; null where that is no place. */
function toVector(point: unknown): Vector | null {
  if (!Array.isArray(point) || point.length !== 2) return null;
  const [longitude, latitude] = point.map(numberOf) as [number, number];
  if (!(Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90)) return null;
  const [theta, phi] = [longitude * RADIANS, latitude * RADIANS];
  return [Math.cos(theta) * Math.cos(phi), Math.sin(theta) * Math.cos(phi), Math.sin(phi)];
}

function numberOf(value: unknown): number {
  return isNumber(value) ? Number(plainNumber(value)) : NaN;
}
