/**
 * Values as the archive stores them, and the one convention for BSON's number types in memory:
 *
 * | BSON   | in memory                                                                   |
 * | ------ | --------------------------------------------------------------------------- |
 * | int32  | a number, integral                                                          |
 * | int64  | a bigint, always                                                            |
 * | double | a number; a `Double` where its value is integral and would fit an int32     |
 *
 * Serialising such a document with `bson` gives back the same types, so what was a double on the
 * wire is a double in the archive, and ids keep all their digits.
 */
import { Double } from "bson";

export { Binary, Decimal128, Double, Int32, Long, ObjectId, Timestamp } from "bson";

export type Document = Record<string, unknown>;

const INT32_MIN = -0x8000_0000;
const INT32_MAX = 0x7fff_ffff;

/** A double of the wire or the archive, by the convention above. */
export function toDouble(value: number): number | Double {
  return Number.isInteger(value) && value >= INT32_MIN && value <= INT32_MAX &&
      !Object.is(value, -0)
    ? new Double(value)
    : value;
}

/** An integer of the wire, as the original's driver stores it: int32 where it fits, else int64. */
export function toInteger(value: bigint): number | bigint {
  return value >= INT32_MIN && value <= INT32_MAX ? Number(value) : value;
}

/** The plain number behind any of the number types; `NaN` for what is not a number. */
export function toNumber(value: unknown): number {
  if (typeof value === "number") return value;
  if (typeof value === "bigint") return Number(value);
  return isDouble(value) ? value.value : NaN;
}

/** Told by its tag: the driver and this program may hold two copies of the class. */
export function isDouble(value: unknown): value is Double {
  return (value as Partial<Double> | null | undefined)?._bsontype === "Double";
}
