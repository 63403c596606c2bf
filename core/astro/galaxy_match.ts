/** Which galaxies a position belongs to: by the distance in kpc at the galaxy, or within its ellipse. */
import type { CatalogMatch } from "../contract/crossmatch.ts";
import { type Document, Double, toDouble, toNumber } from "../contract/document.ts";
import { type Direction, separationDeg, toRadians } from "./angles.ts";

/** Nearer galaxies are matched within a fixed angle: it would be degrees wide otherwise. */
const NEAR_REDSHIFT = 0.01;
const NEAR_MPC = 40;
/** Below these the distance is not known well enough to tell kpc. */
const KPC_REDSHIFT_MIN = 0.005;
const KPC_MPC_MIN = 0.005;
/** At this redshift 1 arcsec is about 1 kpc, and nearer by in proportion. */
const REDSHIFT_OF_KPC_PER_ARCSEC = 0.05;

/**
 * The galaxies that contain the position, out of those found around it and of M31 and M33, which are
 * larger than any cone. Copies, with the separation in their `coordinates`: `distance_arcsec`, and
 * `distance_kpc` at the galaxy (-1 where its distance says too little). A galaxy without position or
 * distance is left out.
 */
export function matchGalaxies(
  match: CatalogMatch,
  raDeg: number,
  decDeg: number,
  galaxies: readonly Document[],
): Document[] {
  const position = { raDeg, decDeg };
  return [...galaxies, M31, M33].flatMap((galaxy) => {
    const centre = { raDeg: toNumber(galaxy.ra), decDeg: toNumber(galaxy.dec) };
    const distance = toNumber(galaxy[match.distance_value!]);
    if (![centre.raDeg, centre.decDeg, distance].every(Number.isFinite)) return [];
    const ellipse = ELLIPSES.get(toNumber(galaxy._id)) ??
      { majorDeg: radiusDeg(match, distance), axisRatio: 1, positionAngleDeg: 0 };
    if (!isInEllipse(position, centre, ellipse)) return [];
    const separation = separationDeg(position, centre);
    const coordinates = {
      ...galaxy.coordinates as Document | undefined,
      distance_arcsec: toDouble(roundHundredths(separation * 3600)),
      distance_kpc: separationKpc(match, separation, distance),
    };
    return [{ ...galaxy, coordinates }];
  });
}

/** How far from the galaxy's centre a position may be; `distance` is a redshift or Mpc. */
function radiusDeg(match: CatalogMatch, distance: number): number {
  const [atDistanceKpc, nearArcsec] = [match.cm_at_distance!, match.cm_low_distance!];
  if (match.distance_method === "redshift") {
    if (distance < NEAR_REDSHIFT) return nearArcsec / 3600;
    return atDistanceKpc * (REDSHIFT_OF_KPC_PER_ARCSEC / distance) / 3600;
  }
  if (distance < NEAR_MPC) return nearArcsec / 3600;
  return Math.atan(atDistanceKpc / (distance * 1000)) / toRadians(1, "deg");
}

function separationKpc(
  match: CatalogMatch,
  separation: number,
  distance: number,
): number | Double {
  if (match.distance_method === "redshift") {
    if (distance <= KPC_REDSHIFT_MIN) return -1;
    return toDouble(roundHundredths(separation * 3600 * (distance / REDSHIFT_OF_KPC_PER_ARCSEC)));
  }
  if (distance <= KPC_MPC_MIN) return -1;
  return toDouble(roundHundredths(toRadians(separation, "deg") * distance * 1000));
}

export interface Ellipse {
  /** Semi-major axis. */
  readonly majorDeg: number;
  readonly axisRatio: number;
  /** From north to east. */
  readonly positionAngleDeg: number;
}

/**
 * Whether the position lies within the ellipse around the centre. The plane is tangent at the
 * *position* and the centre is projected onto it: the other way round gives other answers far from
 * the centre and near the poles.
 */
export function isInEllipse(position: Direction, centre: Direction, ellipse: Ellipse): boolean {
  const dra = toRadians(centre.raDeg - position.raDeg, "deg");
  const [dec, centreDec] = [toRadians(position.decDeg, "deg"), toRadians(centre.decDeg, "deg")];
  const [sin, cos] = [Math.sin(dec), Math.cos(dec)];
  const [sinCentre, cosCentre] = [Math.sin(centreDec), Math.cos(centreDec)];
  const depth = sin * sinCentre + cos * cosCentre * Math.cos(dra);
  if (depth < 0) return false;
  const east = cosCentre * Math.sin(dra) / depth;
  const north = (cos * sinCentre - sin * cosCentre * Math.cos(dra)) / depth;
  const angle = toRadians(ellipse.positionAngleDeg, "deg");
  const major = east * Math.sin(angle) + north * Math.cos(angle);
  const minor = east * Math.cos(angle) - north * Math.sin(angle);
  const semiMajor = Math.tan(toRadians(ellipse.majorDeg, "deg"));
  const semiMinor = ellipse.axisRatio * semiMajor;
  return (major / semiMajor) ** 2 + (minor / semiMinor) ** 2 < 1;
}

/** To two decimals by the exact binary value, halves to the even digit. `value` is not negative. */
export function roundHundredths(value: number): number {
  // Only odd eighths lie halfway between two hundredths; toFixed is exact for all others.
  const isHalf = Number.isInteger(value * 8) && value * 8 % 2 === 1;
  if (!isHalf) return Number(value.toFixed(2));
  const below = Math.floor(value * 100);
  return (below % 2 === 0 ? below : below + 1) / 100;
}

const M31: Document = {
  _id: 596900,
  name: "PGC2557",
  ra: 10.6847,
  dec: 41.26901,
  a: 6.35156,
  b2a: 0.32,
  pa: new Double(35),
  z: -0.00100100006,
  DistMpc: 0.778,
  sfr_fuv: null,
  mstar: 253816876.412914,
  sfr_ha: 0,
  coordinates: { radec_str: ["00:42:44.3503", "41:16:08.634"] },
};
const M33: Document = {
  _id: 597543,
  name: "PGC5818",
  ra: 23.46204,
  dec: 30.66022,
  a: 2.35983,
  b2a: 0.59,
  pa: new Double(23),
  z: -0.000597000006,
  DistMpc: 0.869,
  sfr_fuv: null,
  mstar: 4502777.420493,
  sfr_ha: 0,
  coordinates: { radec_str: ["01:33:50.8900", "30:39:36.800"] },
};
const ELLIPSES: ReadonlyMap<number, Ellipse> = new Map([
  [596900, { majorDeg: 1.624875, axisRatio: 0.331283, positionAngleDeg: 35 }],
  [597543, { majorDeg: 0.603694, axisRatio: 0.602964, positionAngleDeg: 23 }],
]);
