/** `$round`, `$trunc`, `$floor`, `$ceil`. */
import { type Parts, partsOf } from "../decimal.ts";
import {
  decimalOf,
  doubleOfDecimal,
  filledDecimal,
  integerOfDecimal,
  quantizeDecimal,
  type Rounding,
  toDecimal128,
} from "../decimal_arithmetic.ts";
import { INT64_MAX, INT64_MIN, makeDouble, toLong, wholeNumber } from "../numbers.ts";
import { isNullish, isNumber, plainNumber, Type, typeOf } from "../values.ts";
import { fail, type Operator, type Operators, ranged, typeName, unary } from "./define.ts";

export const ROUNDING: Operators = {
  $round: toPlaces("ties to even"),
  $trunc: toPlaces("to zero"),
  $floor: unary((value) => toWhole("$floor", value, Math.floor, "down")),
  $ceil: unary((value) => toWhole("$ceil", value, Math.ceil, "up")),
};

const INT32_MAX = 0x7fff_ffffn;
/** Places behind the point that one may ask for; below zero: before it. */
const PLACES_MIN = -20n;
const PLACES_MAX = 100n;

function toPlaces(rounding: Rounding): Operator {
  return ranged(1, 2, ([valueOf, placesOf], name) => (root, frame) => {
    const value = valueOf!(root, frame);
    if (isNullish(value)) return null;
    if (!isNumber(value)) {
      fail(51081, `${name} only supports numeric types, not ${typeName(value)}`);
    }
    if (placesOf === undefined) return round(name, value, 0, rounding);
    const places = placesOf(root, frame);
    return isNullish(places) ? null : round(name, value, checkPlaces(name, places), rounding);
  });
}

function checkPlaces(name: string, value: unknown): number {
  const places = toLong(value);
  if (wholeNumber(value, 32) === null) {
    fail(51082, `precision argument to ${name} must be a integral value`);
  }
  if (places < PLACES_MIN || places > PLACES_MAX) {
    fail(51083, `cannot apply ${name} with precision value ${places} value must be in [-20, 100]`);
  }
  return Number(places);
}

function round(name: string, value: unknown, places: number, rounding: Rounding): unknown {
  const plain = plainNumber(value);
  switch (typeOf(value)) {
    case Type.double:
      return makeDouble(roundDouble(plain as number, places, rounding));
    case Type.decimal:
      return toDecimal128(roundDecimal(decimalOf(plain), places, rounding));
    default:
      return places >= 0 ? value : roundInteger(name, plain as number | bigint, places, rounding);
  }
}

function roundDouble(value: number, places: number, rounding: Rounding): number {
  if (!Number.isFinite(value)) return value;
  if (places === 0) return rounding === "to zero" ? Math.trunc(value) : toEven(value);
  return doubleOfDecimal(roundDecimal(decimalOf(value), places, rounding));
}

function toEven(value: number): number {
  const down = Math.floor(value);
  const left = value - down;
  if (left < 0.5) return down === 0 && Object.is(value, -0) ? -0 : down;
  if (left > 0.5 || down % 2 !== 0) return down + 1 === 0 ? -0 : down + 1;
  return down;
}

function roundDecimal(value: Parts, places: number, rounding: Rounding): Parts {
  if (value.kind !== "finite") return value;
  const quantized = quantizeDecimal(value, -places, rounding);
  return quantized.kind === "nan" ? filledDecimal(value) : quantized;
}

function roundInteger(
  name: string,
  value: number | bigint,
  places: number,
  rounding: Rounding,
): unknown {
  const whole = integerOfDecimal(quantizeDecimal(decimalOf(BigInt(value)), -places, rounding));
  if (whole === null || whole < INT64_MIN || whole > INT64_MAX) {
    fail(51080, `invalid conversion from Decimal128 result in ${name}`);
  }
  if (typeof value === "bigint" || whole > INT32_MAX) return whole;
  return Number(BigInt.asIntN(32, whole)); // Below the range of int32 it wraps around, as there.
}

function toWhole(
  name: string,
  value: unknown,
  round: (value: number) => number,
  rounding: Rounding,
): unknown {
  if (isNullish(value)) return null;
  if (!isNumber(value)) fail(28765, `${name} only supports numeric types, not ${typeName(value)}`);
  switch (typeOf(value)) {
    case Type.double:
      return makeDouble(round(plainNumber(value) as number));
    case Type.decimal:
      return toDecimal128(quantizeDecimal(partsOf(plainNumber(value) as never), 0, rounding));
    default:
      return value;
  }
}
