/** Types of values, and conversions between them. */
import { Double, ObjectId } from "bson";
import { partsOf } from "../decimal.ts";
import {
  decimalOf,
  doubleOfDecimal,
  integerOfDecimal,
  toDecimal128,
} from "../decimal_arithmetic.ts";
import { isoText, parseDate } from "../date_text.ts";
import { FilterError } from "../errors.ts";
import { doubleText, parseDecimal, parseDouble, parseInteger } from "../number_text.ts";
import {
  INT64_MAX,
  INT64_MIN,
  makeDouble,
  toDate,
  toDecimalParts,
  wholeNumber,
} from "../numbers.ts";
import { isNullish, isNumber, isTruthy, plainNumber, Type, TYPE_NAMES, typeOf } from "../values.ts";
import { coerceToDate } from "./dates.ts";
import {
  compileArguments,
  compileNamed,
  fail,
  given,
  type Operator,
  type Operators,
  typeName,
  unary,
} from "./define.ts";
import { type Expression, folded } from "./expression.ts";

export const CONVERSION: Operators = {
  $type: unary(typeName),
  $isNumber: unary(isNumber),
  $convert: conversion(),
  $toBool: conversionTo(Type.bool),
  $toDate: conversionTo(Type.date),
  $toDecimal: conversionTo(Type.decimal),
  $toDouble: conversionTo(Type.double),
  $toInt: conversionTo(Type.int),
  $toLong: conversionTo(Type.long),
  $toObjectId: conversionTo(Type.objectId),
  $toString: conversionTo(Type.string),
};

/** The code of what `onError` is for. */
const CONVERSION_FAILURE = 241;
const UNDEFINED = 6;
const TYPE_CODES = new Map([...TYPE_NAMES].map(([code, name]) => [name, code]))
  .set("undefined", UNDEFINED);

function conversion(): Operator {
  const named = {
    unknown: 9,
    notObject: 9,
    names: { input: 9, to: 9, onError: null, onNull: null },
  };
  return (argument, scope, name) => {
    const { input, to, onError, onNull } = compileNamed(argument, scope, name, named);
    return folded(given(input, to, onError, onNull), (root, frame) => {
      const asked = to!.evaluate(root, frame);
      const value = input!.evaluate(root, frame);
      const type = isNullish(asked) ? undefined : targetType(asked);
      if (isNullish(value)) return onNull === undefined ? null : onNull.evaluate(root, frame);
      if (type === undefined) return null;
      try {
        return convert(value, type);
      } catch (error) {
        const isFailure = error instanceof FilterError && error.code === CONVERSION_FAILURE;
        if (!isFailure || onError === undefined) throw error;
        return onError.evaluate(root, frame);
      }
    });
  };
}

function conversionTo(type: number): Operator {
  return (argument, scope, name) => {
    const parts = compileArguments(argument, scope, name, 0, Infinity);
    if (parts.length !== 1) {
      throw scope.error(50723, `${name} requires a single argument, got ${parts.length}`);
    }
    const { evaluate } = parts[0] as Expression;
    return folded(parts, (root, frame) => {
      const value = evaluate(root, frame);
      return isNullish(value) ? null : convert(value, type);
    });
  };
}

function targetType(asked: unknown): number {
  if (typeof asked === "string") {
    return TYPE_CODES.get(asked) ?? fail(2, `Unknown type name: ${asked}`);
  }
  if (!isNumber(asked)) {
    return fail(
      9,
      `$convert's 'to' argument must be a string or number, but is ${typeName(asked)}`,
    );
  }
  const whole = wholeNumber(asked, 32);
  if (whole === null) return fail(9, "In $convert, numeric 'to' argument is not an integer");
  const code = Number(whole);
  return TYPE_NAMES.has(code) || code === UNDEFINED
    ? code
    : fail(9, `In $convert, numeric value for 'to' does not correspond to a BSON type: ${code}`);
}

/** Throws `FilterError` with the code of a failed conversion. */
function convert(value: unknown, to: number): unknown {
  switch (to) {
    case Type.bool:
      return isTruthy(value);
    case Type.string:
      return toText(value);
    case Type.int:
      return toInteger(value, to);
    case Type.long:
      return toInteger(value, to);
    case Type.double:
      return toDouble(value);
    case Type.decimal:
      return toDecimal(value);
    case Type.date:
      return convertToDate(value);
    case Type.objectId:
      return toObjectId(value);
    default:
      return failConversion(value, to);
  }
}

function failConversion(value: unknown, to: number): never {
  return fail(
    CONVERSION_FAILURE,
    `Unsupported conversion from ${typeName(value)} to ${TYPE_NAMES.get(to)} with no onError value`,
  );
}

function failOverflow(value: unknown): never {
  return fail(CONVERSION_FAILURE, `Conversion would overflow target type: ${value}`);
}

function failParse(text: string): never {
  return fail(CONVERSION_FAILURE, `Failed to parse '${text}' in $convert with no onError value`);
}

function toText(value: unknown): string {
  switch (typeOf(value)) {
    case Type.string:
      return value as string;
    case Type.bool:
    case Type.int:
    case Type.long:
    case Type.decimal:
      return String(isNumber(value) ? plainNumber(value) : value);
    case Type.double: {
      const plain = plainNumber(value) as number;
      return Number.isFinite(plain) ? doubleText(plain) : String(plain);
    }
    case Type.objectId:
      return (value as ObjectId).toHexString();
    case Type.date:
      return isoText(value as Date);
    default:
      return failConversion(value, Type.string);
  }
}

function toInteger(value: unknown, to: typeof Type.int | typeof Type.long): number | bigint {
  const whole = integerOf(value, to);
  if (BigInt.asIntN(to === Type.int ? 32 : 64, whole) !== whole) failOverflow(whole);
  return to === Type.int ? Number(whole) : whole;
}

function integerOf(value: unknown, to: number): bigint {
  switch (typeOf(value)) {
    case Type.int:
    case Type.long:
      return BigInt(plainNumber(value) as bigint);
    case Type.bool:
      return value ? 1n : 0n;
    case Type.string: {
      const text = value as string;
      return (text.startsWith("0x") ? null : parseInteger(text)) ?? failParse(text);
    }
    case Type.double: {
      const plain = plainNumber(value) as number;
      if (!Number.isFinite(plain)) failOverflow(plain);
      // The bounds of an int32 are for the double, before it is cut.
      if (to === Type.int && (plain < -0x8000_0000 || plain > 0x7fff_ffff)) failOverflow(plain);
      return BigInt(Math.trunc(plain));
    }
    case Type.decimal:
      return integerOfDecimal(partsOf(plainNumber(value) as never)) ?? failOverflow(value);
    case Type.date:
      if (to === Type.long) return BigInt((value as Date).getTime());
      return failConversion(value, to);
    default:
      return failConversion(value, to);
  }
}

const DOUBLE_NORMAL_MIN = 2 ** -1022;

function toDouble(value: unknown): unknown {
  switch (typeOf(value)) {
    case Type.double:
      return value;
    case Type.int:
    case Type.long:
      return makeDouble(Number(plainNumber(value)));
    case Type.bool:
      return new Double(value ? 1 : 0);
    case Type.date:
      return makeDouble((value as Date).getTime());
    case Type.string: {
      const text = value as string;
      const parsed = text.startsWith("0x") ? null : parseDouble(text);
      return parsed === null ? failParse(text) : makeDouble(parsed);
    }
    case Type.decimal: {
      const parts = partsOf(plainNumber(value) as never);
      const double = doubleOfDecimal(parts);
      const isLost = parts.kind === "finite" && parts.coefficient !== 0n &&
        (!Number.isFinite(double) || Math.abs(double) < DOUBLE_NORMAL_MIN);
      return isLost ? failOverflow(value) : makeDouble(double);
    }
    default:
      return failConversion(value, Type.double);
  }
}

function toDecimal(value: unknown): unknown {
  switch (typeOf(value)) {
    case Type.decimal:
      return value;
    case Type.int:
    case Type.long:
    case Type.double:
      return toDecimal128(toDecimalParts(value));
    case Type.bool:
      return toDecimal128(decimalOf(value ? 1n : 0n));
    case Type.date:
      return toDecimal128(decimalOf(BigInt((value as Date).getTime())));
    case Type.string: {
      const text = value as string;
      return (text.startsWith("0x") ? null : parseDecimal(text)) ?? failParse(text);
    }
    default:
      return failConversion(value, Type.decimal);
  }
}

function convertToDate(value: unknown): Date {
  switch (typeOf(value)) {
    case Type.date:
    case Type.timestamp:
    case Type.objectId:
      return coerceToDate(value);
    case Type.long:
    case Type.double:
    case Type.decimal: {
      const ms = integerOf(value, Type.long);
      return ms < INT64_MIN || ms > INT64_MAX ? failOverflow(ms) : toDate(ms);
    }
    case Type.string:
      return parseDate(value as string, undefined);
    default:
      return failConversion(value, Type.date);
  }
}

function toObjectId(value: unknown): unknown {
  switch (typeOf(value)) {
    case Type.objectId:
      return value;
    case Type.string:
      return /^[0-9a-f]{24}$/i.test(value as string)
        ? ObjectId.createFromHexString(value as string)
        : failParse(value as string);
    default:
      return failConversion(value, Type.objectId);
  }
}
