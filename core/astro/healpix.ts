/**
 * HEALPix: equal-area pixels of the sphere (Gorski et al. 2005, ApJ 622, 759), seen in its own flat
 * projection (Calabretta & Roukema 2007, MNRAS 381, 865). There the sphere is twelve squares that
 * stand on a corner, its faces. In units of 45 degrees of longitude a face has its centre at `(u, v)`,
 * and `x` counts its pixels to the north-east, `y` to the north-west. North of `z = 2/3` and south of
 * `z = -2/3` meridians draw together, by `t = 2 - |v|`.
 */
import type { Direction } from "./angles.ts";

/** Finer pixels than these (12 milliarcseconds) would have numbers that a double can't hold. */
export const ORDER_MAX = 24;

/** A pixel, or at the ends of the ranges a corner of pixels, in the square of its face. */
export interface FacePixel {
  readonly face: number;
  readonly x: number;
  readonly y: number;
}

/** A pixel of an order, by its number in the nested scheme. */
export interface Cell {
  readonly order: number;
  readonly ipix: number;
}

const DEG = Math.PI / 180;

/** Pixels along the side of a face. */
export function sidePixels(order: number): number {
  return 2 ** order;
}

export function pixelCount(order: number): number {
  return 12 * 4 ** order;
}

export function pixelAreaSr(order: number): number {
  return 4 * Math.PI / pixelCount(order);
}

/** The lowest order whose pixels are squares no larger than this, or the highest there is. */
export function orderOfPixels(sideDeg: number): number {
  const order = Math.ceil(Math.log2(Math.sqrt(Math.PI / 3) / (sideDeg * DEG)));
  return Math.min(ORDER_MAX, Math.max(0, order));
}

/** The order whose pixels have `nside` along the side of a face; undefined where it's no power of two. */
export function orderOf(nside: number): number | undefined {
  const order = Math.log2(nside);
  return Number.isInteger(order) && order >= 0 && order <= ORDER_MAX ? order : undefined;
}

/** `4 nside^2 + ipix`: order and pixel in one number. */
export function toUniq({ order, ipix }: Cell): number {
  return 4 ** (order + 1) + ipix;
}

/** Undefined where it is no pixel's number, or one of an order beyond `ORDER_MAX`. */
export function fromUniq(uniq: number): Cell | undefined {
  if (!Number.isSafeInteger(uniq) || uniq < 4) return undefined;
  let order = Math.floor(Math.log2(uniq) / 2) - 1;
  // The logarithm of a number just below a power of four may be rounded up to it.
  if (4 ** (order + 1) > uniq) order--;
  const ipix = uniq - 4 ** (order + 1);
  return order <= ORDER_MAX && ipix < pixelCount(order) ? { order, ipix } : undefined;
}

export function fromNested(order: number, ipix: number): FacePixel {
  const within = ipix % 4 ** order;
  const [low, high] = [within % 2 ** 32, Math.floor(within / 2 ** 32)];
  return {
    face: Math.floor(ipix / 4 ** order),
    x: everySecondBit(high) * 2 ** 16 + everySecondBit(low),
    y: everySecondBit(high >>> 1) * 2 ** 16 + everySecondBit(low >>> 1),
  };
}

export function toNested(order: number, { face, x, y }: FacePixel): number {
  const low = spread(x & 0xffff) + 2 * spread(y & 0xffff);
  const high = spread(x >>> 16) + 2 * spread(y >>> 16);
  return face * 4 ** order + high * 2 ** 32 + low;
}

/** The nested number of the pixel that a direction lies in. */
export function pixelAt(order: number, direction: Direction): number {
  return toNested(order, facePixelAt(order, direction));
}

/** The direction of a pixel's centre, right ascension in [0, 360). */
export function centreOf({ order, ipix }: Cell): Direction {
  const { face, x, y } = fromNested(order, ipix);
  return pointAt(order, { face, x: x + 0.5, y: y + 0.5 });
}

/** The direction of a point of a face: `x` and `y` from 0 to the side, corners of pixels at integers. */
export function pointAt(order: number, { face, x, y }: FacePixel): Direction {
  const side = sidePixels(order);
  const [u0, v0] = faceCentre(face);
  const u = u0 + (x - y) / side;
  const v = v0 + (x + y) / side - 1;
  const t = 2 - Math.abs(v);
  if (t >= 1) return toDirection(u, 2 / 3 * v, Math.sqrt(1 - (2 / 3 * v) ** 2));
  // Near the poles 1 - z has no digits left; the cosine of the declination has all of them.
  const cosDec = t * Math.sqrt((2 - t * t / 3) / 3);
  const atPole = t < 1e-15;
  return toDirection(atPole ? u0 : u0 + (u - u0) / t, Math.sign(v) * (1 - t * t / 3), cosDec);
}

/** A number for the corner `(x, y)` of a face, the same whichever face it is seen from. */
export function cornerId(order: number, { face, x, y }: FacePixel): number {
  const side = sidePixels(order);
  const [u0, v0] = faceCentre(face);
  const v = v0 * side + x + y - side;
  const t = Math.min(side, 2 * side - Math.abs(v));
  const along = t === side ? u0 * side + x - y : u0 * t + x - y;
  const around = 8 * t;
  return (v + 2 * side) * 8 * side + (t === 0 ? 0 : (along + around) % around);
}

/** Sides of a pixel, in the order south-east, north-east, north-west, south-west. */
export type Side = 0 | 1 | 2 | 3;

/** The pixel beyond one side. */
export function beyond(order: number, { face, x, y }: FacePixel, side: Side): FacePixel {
  const last = sidePixels(order) - 1;
  const [dx, dy] = STEPS[side];
  const [toX, toY] = [x + dx, y + dy];
  if (toX >= 0 && toY >= 0 && toX <= last && toY <= last) return { face, x: toX, y: toY };
  const [row, i] = [Math.floor(face / 4), face % 4];
  const [east, west] = [(i + 1) % 4, (i + 3) % 4];
  // Faces 0 to 3 are the north's, 4 to 7 the equator's, 8 to 11 the south's. Between two of the
  // north, or two of the south, the axes change their parts.
  switch (side) {
    case 0:
      return row === 2
        ? { face: 8 + east, x: 0, y: x }
        : { face: [4 + east, 8 + i][row]!, x, y: last };
    case 1:
      return row === 0 ? { face: east, x: y, y: last } : { face: [0, i, 4 + east][row]!, x: 0, y };
    case 2:
      return row === 0 ? { face: west, x: last, y: x } : { face: [0, west, 4 + i][row]!, x, y: 0 };
    case 3:
      return row === 2
        ? { face: 8 + west, x: y, y: 0 }
        : { face: [4 + i, 8 + west][row]!, x: last, y };
  }
}

const STEPS = [[0, -1], [1, 0], [0, 1], [-1, 0]] as const;

/** The number of a nested pixel in rings of equal declination, counted from the north. */
export function nestedToRing(order: number, ipix: number): number {
  const side = sidePixels(order);
  const { face, x, y } = fromNested(order, ipix);
  const [u0, v0] = faceCentre(face);
  const ring = 2 * side - (v0 * side + x + y + 1 - side); // 1 is the northernmost.
  const { before, t, isShifted } = ringOf(side, ring);
  const around = (u0 * t + x - y + 8 * t) % (8 * t);
  return before + (isShifted ? (around - 1) / 2 : around / 2);
}

export function ringToNested(order: number, ringPixel: number): number {
  const side = sidePixels(order);
  const ring = ringNumber(side, ringPixel);
  const { before, t, isShifted } = ringOf(side, ring);
  const around = 2 * (ringPixel - before) + (isShifted ? 1 : 0);
  const v = (2 * side - ring) / side;
  if (t === side) return toNested(order, beltPixel(side, around / side, v));
  const u0 = 2 * Math.floor(around / (2 * t)) + 1;
  return toNested(order, capPixel(side, u0, (around - u0 * t) / side, v));
}

function facePixelAt(order: number, { raDeg, decDeg }: Direction): FacePixel {
  const side = sidePixels(order);
  const u = ((raDeg / 45) % 8 + 8) % 8;
  const z = Math.sin(decDeg * DEG);
  if (Math.abs(z) < 2 / 3) return beltPixel(side, u, 1.5 * z);
  const t = Math.cos(decDeg * DEG) * Math.sqrt(3 / (1 + Math.abs(z)));
  const u0 = 2 * Math.floor(u / 2) + 1;
  return capPixel(side, u0, (u - u0) * t, Math.sign(z) * (2 - t));
}

/** Between the caps a face's pixel is found by the squares' own grid. */
function beltPixel(side: number, u: number, v: number): FacePixel {
  const [a, b] = [(v + u + 1) / 2, (v - u + 1) / 2];
  let i = Math.floor(a);
  const j = Math.floor(b);
  if (i + j > 1) i--; // On the corner of three faces, which rounding puts beyond them.
  const row = 1 - (i + j);
  const u0 = (i - j + 8) % 8;
  const face = 4 * row + (row === 1 ? u0 / 2 : (u0 - 1) / 2);
  return inFace(side, face, a - i, b - j);
}

/** In the caps the quadrant is the face; `du` is the distance from its middle in the projection. */
function capPixel(side: number, u0: number, du: number, v: number): FacePixel {
  const dv = Math.abs(v) - 1;
  const face = (v > 0 ? 0 : 8) + (u0 - 1) / 2;
  const [up, down] = [(1 + dv + du) / 2, (1 + dv - du) / 2];
  return v > 0 ? inFace(side, face, up, down) : inFace(side, face, 1 - down, 1 - up);
}

function inFace(side: number, face: number, x: number, y: number): FacePixel {
  const pixel = (part: number) => Math.min(side - 1, Math.max(0, Math.floor(part * side)));
  return { face, x: pixel(x), y: pixel(y) };
}

function faceCentre(face: number): readonly [u: number, v: number] {
  const row = Math.floor(face / 4);
  return [2 * (face % 4) + (row === 1 ? 0 : 1), 1 - row];
}

interface Ring {
  /** Pixels in the rings before it. */
  readonly before: number;
  /** A quarter of its pixels. */
  readonly t: number;
  /** Whether its first pixel begins at right ascension 0, rather than having its centre there. */
  readonly isShifted: boolean;
}

function ringOf(side: number, ring: number): Ring {
  if (ring < side) return { before: 2 * ring * (ring - 1), t: ring, isShifted: true };
  if (ring <= 3 * side) {
    const before = 2 * side * (side - 1) + (ring - side) * 4 * side;
    return { before, t: side, isShifted: (ring - side) % 2 === 0 };
  }
  const t = 4 * side - ring;
  return { before: 12 * side * side - 2 * t * (t + 1), t, isShifted: true };
}

function ringNumber(side: number, ringPixel: number): number {
  const inCap = 2 * side * (side - 1);
  const fromEnd = 12 * side * side - 1 - ringPixel;
  if (ringPixel < inCap) return capRing(ringPixel);
  if (fromEnd < inCap) return 4 * side - capRing(fromEnd);
  return side + Math.floor((ringPixel - inCap) / (4 * side));
}

/** The ring of a pixel of the cap, counted from the pole. */
function capRing(fromPole: number): number {
  const ring = Math.floor((1 + Math.sqrt(1 + 2 * fromPole)) / 2);
  if (2 * ring * (ring - 1) > fromPole) return ring - 1;
  return 2 * ring * (ring + 1) <= fromPole ? ring + 1 : ring;
}

function toDirection(u: number, z: number, cosDec: number): Direction {
  return { raDeg: ((45 * u) % 360 + 360) % 360, decDeg: Math.atan2(z, cosDec) / DEG };
}

/** The 16 bits of a number with a zero before each. */
function spread(bits: number): number {
  let value = bits;
  value = (value | value << 8) & 0x00ff00ff;
  value = (value | value << 4) & 0x0f0f0f0f;
  value = (value | value << 2) & 0x33333333;
  return (value | value << 1) & 0x55555555;
}

/** Bits 0, 2, 4... of a number of 32 bits. */
function everySecondBit(bits: number): number {
  let value = bits & 0x55555555;
  value = (value | value >>> 1) & 0x33333333;
  value = (value | value >>> 2) & 0x0f0f0f0f;
  value = (value | value >>> 4) & 0x00ff00ff;
  return (value | value >>> 8) & 0xffff;
}
