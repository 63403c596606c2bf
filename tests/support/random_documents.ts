/** Documents of all types of values, typed by their fields' names, and now and then of another type. */
import { BSONRegExp, MaxKey, MinKey } from "bson";
import {
  Binary,
  Decimal128,
  type Document,
  Double,
  ObjectId,
  Timestamp,
  toDouble,
  toInteger,
} from "../../core/contract/document.ts";
import type { Random } from "./random.ts";

/** Kinds of values, by which expressions ask for them. */
export type Kind = "number" | "integer" | "string" | "bool" | "date" | "object" | "array" | "any";

/** The fields of a random document, and of the objects in `points`, by kind. */
export const FIELDS: Readonly<Record<Kind, readonly string[]>> = {
  number: ["mag", "jd", "n", "m", "host.ra", "points.0"],
  integer: ["fid", "candid", "i"],
  string: ["name", "s", "host.kind"],
  bool: ["flag"],
  date: ["time", "t"],
  object: ["host", "o"],
  array: ["points", "mags", "tags", "list", "points.mag", "points.inner.x"],
  any: ["missing", "nothing", "mixed", "rare", "points.fid", "list.a", "_id"],
};
export const POINT_FIELDS: Readonly<Record<string, Kind>> = {
  jd: "number",
  mag: "number",
  fid: "integer",
  name: "string",
  inner: "object",
};

export function randomDocument(random: Random): Document {
  const typical: Document = {
    mag: randomNumber(random),
    jd: 2_459_000.5 + random.below(1000) / 8,
    n: randomNumber(random),
    m: randomNumber(random),
    fid: 1 + random.below(3),
    candid: randomInteger(random),
    i: random.below(6),
    name: randomString(random),
    s: randomString(random),
    flag: random.chance(0.5),
    time: randomDate(random),
    t: randomDate(random),
    host: { ra: randomNumber(random), kind: randomString(random), dec: toDouble(-5) },
    o: randomObject(random, 1),
    points: random.list(random.chance(0.1) ? 60 : 6, () => randomPoint(random)),
    mags: random.list(20, () => random.chance(0.9) ? randomNumber(random) : randomValue(random, 0)),
    tags: random.list(4, () => randomString(random)),
    list: random.list(5, () => randomValue(random, 2)),
    nothing: null,
    mixed: randomValue(random, 2),
    rare: randomRare(random),
  };
  const document: Document = { _id: random.below(1000) };
  for (const [name, value] of Object.entries(typical)) {
    if (random.chance(0.06)) continue;
    document[name] = random.chance(0.06) ? randomValue(random, 2) : value;
  }
  return document;
}

/** As in a light curve; a few aren't. */
function randomPoint(random: Random): unknown {
  if (random.chance(0.05)) return randomValue(random, 1);
  const point: Document = {
    jd: 2_459_000.5 + random.below(1000) / 8,
    mag: randomNumber(random),
    fid: 1 + random.below(3),
    name: randomString(random),
    inner: { x: randomNumber(random) },
  };
  for (const name of Object.keys(point)) if (random.chance(0.08)) delete point[name];
  return point;
}

export function randomOf(random: Random, kind: Kind): unknown {
  switch (kind) {
    case "number":
      return randomNumber(random);
    case "integer":
      return random.chance(0.8) ? random.below(7) - 2 : randomInteger(random);
    case "string":
      return randomString(random);
    case "bool":
      return random.chance(0.5);
    case "date":
      return randomDate(random);
    case "object":
      return randomObject(random, 1);
    case "array":
      return random.list(5, () => randomValue(random, 1));
    case "any":
      return randomValue(random, 2);
  }
}

export function randomValue(random: Random, depth: number): unknown {
  const kind = random.below(depth > 0 ? 12 : 9);
  if (kind < 3) return randomNumber(random);
  if (kind < 5) return randomString(random);
  if (kind === 5) return null;
  if (kind === 6) return random.chance(0.5);
  if (kind === 7) return randomDate(random);
  if (kind === 8) return randomRare(random);
  if (kind === 9) return randomObject(random, depth - 1);
  return random.list(4, () => randomValue(random, depth - 1));
}

function randomObject(random: Random, depth: number): Document {
  const object: Document = {};
  for (const name of ["a", "b", "x", "k", "v"]) {
    if (random.chance(0.4)) object[name] = randomValue(random, depth);
  }
  return object;
}

const EDGES: readonly unknown[] = [
  ...[0, 1, -1, 2, 5, 10, 100, 0x7fff_ffff, -0x8000_0000],
  ...[0n, 1n, -1n, 7n, 2n ** 31n, 2n ** 53n + 1n, 2n ** 63n - 1n, -(2n ** 63n), 10n ** 18n],
  ...[0, 1, -1, 2, 3, -7, 0x7fff_ffff].map((value) => new Double(value)),
  ...[-0, 0.1, 0.5, 1.5, 2.5, -2.5, 0.3, 1e-7, 1e16, 2 ** 53, 2 ** 63, -(2 ** 63), 1e22, 1e300],
  ...[5e-324, 1.7976931348623157e308, NaN, Infinity, -Infinity, 19.999999, 1 / 3],
  ...["0", "-0", "1", "1.0", "0.1", "1.50", "-2.5", "3E+3", "1E-7", "12345678901234567890"].map(
    decimal,
  ),
  ...["9999999999999999999999999999999999", "1E-6176", "9E+6144", "NaN", "Infinity"].map(decimal),
];

function decimal(text: string): Decimal128 {
  return Decimal128.fromString(text);
}

function randomNumber(random: Random): unknown {
  const kind = random.below(10);
  if (kind < 3) return random.pick(EDGES);
  if (kind < 6) return toDouble(Math.round((10 + random.next() * 15) * 1e4) / 1e4);
  if (kind < 7) return toDouble((random.next() - 0.5) * 10 ** (random.below(20) - 6));
  if (kind < 9) return random.below(40) - 10;
  return BigInt(random.below(2 ** 31)) * BigInt(random.below(2 ** 31)) - 2n ** 61n;
}

function randomInteger(random: Random): unknown {
  return random.chance(0.5)
    ? random.below(2 ** 32) - 2 ** 31
    : toInteger(BigInt(random.below(2 ** 31)) * BigInt(random.below(2 ** 31)));
}

const STRINGS = [
  ...["", "a", "b", "abc", "ABC", "aBc", "abcabc", "a,b,,c", " x ", "\t y\n", "\0z", "x.y", "$a"],
  ...[
    "é",
    "Éa",
    "€",
    "😀",
    "a😀b",
    "\uffee",
    "straße",
    "i̇",
    "ZTF18abcdefg",
    "ZTF19xyz",
    "galaxy",
    "star",
  ],
  ...["1", "-5", "1.5", "1e3", "007", "abc1", "true", "NaN", "-Infinity", "9223372036854775807"],
  ...[
    "2020-01-31",
    "2020-01-31T10:20:30.456Z",
    "1969-12-31T23:59:59+01:00",
    "507f1f77bcf86cd799439011",
  ],
  ...["day", "month", "UTC", "+05:30", "America/New_York", "string", "int", "%Y-%m-%d", "[a-c]+"],
];

function randomString(random: Random): string {
  return random.chance(0.85) ? random.pick(STRINGS) : random.pick(STRINGS) + random.pick(STRINGS);
}

const DATES = [0, -1, 1, 999, -86_400_000, 951_782_400_000, 1_582_934_400_000, 253_402_300_799_999];
const FAR_DATES = [
  253_402_300_800_000,
  -62_167_219_200_001,
  -62_135_596_800_000,
  8.64e15,
  -8.64e15,
];

function randomDate(random: Random): Date {
  const kind = random.below(20);
  if (kind === 0) return new Date(random.pick(FAR_DATES));
  if (kind < 5) return new Date(random.pick(DATES));
  return new Date(Math.floor((random.next() - 0.1) * 2.2e12));
}

function randomRare(random: Random): unknown {
  return random.pick([
    () => new ObjectId("507f1f77bcf86cd799439011"),
    () => new ObjectId("f07f1f77bcf86cd799439011"),
    () => new Timestamp({ t: 1_600_000_000 + random.below(9), i: random.below(3) }),
    () => new Binary(Uint8Array.from(random.list(3, () => random.below(256))), random.below(2)),
    () => new BSONRegExp("a.c", random.pick(["", "i"])),
    () => new MinKey(),
    () => new MaxKey(),
    () => null,
  ])();
}
