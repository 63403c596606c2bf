/** `$bitsAllSet $bitsAllClear $bitsAnySet $bitsAnyClear`: of integers and of bytes. */
import { NotCompiled } from "../errors.ts";
import { bytesOf, isNumber, plainNumber, Type, typeOf } from "../values.ts";
import type { Test } from "./elements.ts";

export type BitsOperator = "$bitsAllSet" | "$bitsAllClear" | "$bitsAnySet" | "$bitsAnyClear";

const SIGN_BIT = 63;

export function compileBits(operator: BitsOperator, operand: unknown): Test {
  const positions = positionsOf(operand);
  const wanted = operator === "$bitsAllSet" || operator === "$bitsAnySet";
  const isAll = operator === "$bitsAllSet" || operator === "$bitsAllClear";
  return (value) => {
    const isSet = bitReader(value);
    if (isSet === undefined) return false;
    return isAll
      ? positions.every((position) => isSet(position) === wanted)
      : positions.some((position) => isSet(position) === wanted);
  };
}

/** Undefined for what has no bits. */
function bitReader(value: unknown): ((position: number) => boolean) | undefined {
  if (typeOf(value) === Type.binary) {
    const bytes = bytesOf(value);
    return (position) => (((bytes[position >> 3] ?? 0) >> (position & 7)) & 1) === 1;
  }
  const integer = toInt64(value);
  // The sign goes on for ever.
  return integer === undefined
    ? undefined
    : (position) => ((integer >> BigInt(Math.min(position, SIGN_BIT))) & 1n) === 1n;
}

/** The int64 that a number is; undefined for any other number or value. */
function toInt64(value: unknown): bigint | undefined {
  if (!isNumber(value)) return undefined;
  const plain = plainNumber(value);
  if (typeof plain === "bigint") return plain;
  if (typeof plain === "object") throw new NotCompiled("bits of a Decimal128");
  if (!Number.isInteger(plain)) return undefined;
  const integer = BigInt(plain);
  return BigInt.asIntN(64, integer) === integer ? integer : undefined;
}

/** A mask, bytes, or a list of positions. */
function positionsOf(operand: unknown): number[] {
  if (Array.isArray(operand)) {
    return operand.map((item) => {
      const position = isNumber(item) ? Number(plainNumber(item)) : NaN;
      if (!Number.isInteger(position) || position < 0 || position > 0x7fff_ffff) {
        throw new NotCompiled(`a position of a bit must be an integer >= 0`);
      }
      return position;
    });
  }
  if (typeOf(operand) === Type.binary) return setBits(bytesOf(operand));
  const mask = toInt64(operand);
  if (mask === undefined || mask < 0n) throw new NotCompiled("a mask must be an integer >= 0");
  return Array.from({ length: 63 }, (_, i) => i).filter((i) => ((mask >> BigInt(i)) & 1n) === 1n);
}

function setBits(bytes: Uint8Array): number[] {
  return Array.from({ length: 8 * bytes.length }, (_, i) => i)
    .filter((i) => ((bytes[i >> 3]! >> (i & 7)) & 1) === 1);
}
