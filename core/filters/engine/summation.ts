/**
 * Sums as MongoDB makes them: of doubles with a second double that holds what the first one lost
 * (Knuth's and Dekker's exact sums of two), of integers exactly, of decimals apart.
 */
import type { Decimal128 } from "bson";
import { addDecimals, DECIMAL_ZERO, decimalOf, toDecimal128 } from "./decimal_arithmetic.ts";
import type { Parts } from "./decimal.ts";
import { INT64_MAX, INT64_MIN, makeDouble, makeInteger } from "./numbers.ts";
import { Type } from "./values.ts";

const HIGH = 2 ** 32;

export class Sum {
  #sum = 0;
  #rest = 0;
  /** The plain sum, which is right about infinities. */
  #plain = 0;
  #decimal: Parts = DECIMAL_ZERO;
  #type: number = Type.int;

  /** Adds a number of the type that it has. */
  add(value: number | bigint | Decimal128, type: number): void {
    if (type === Type.decimal) {
      this.#type = Type.decimal;
      this.#decimal = addDecimals(this.#decimal, decimalOf(value as Decimal128));
      return;
    }
    this.addAsNumber(value as number | bigint);
    if (this.#type === Type.decimal || type === Type.int) return;
    if (type === Type.double) this.#type = Type.double;
    else if (this.#type === Type.int) this.#type = Type.long;
  }

  /** Adds a value that has no say in the type of the result. */
  addAsNumber(value: number | bigint): void {
    if (typeof value === "number") return this.#addDouble(value);
    const low = BigInt.asIntN(64, value) % BigInt(HIGH);
    this.#addDouble(Number(low));
    this.#addDouble(Number(value - low));
  }

  get isDecimal(): boolean {
    return this.#type === Type.decimal;
  }

  /**
   * The sum as a number of the widest type that was added; an integer that is too large is a double.
   */
  get value(): unknown {
    switch (this.#type) {
      case Type.decimal:
        return toDecimal128(this.decimal);
      case Type.double:
        return makeDouble(this.double);
      default: {
        const whole = this.#whole();
        if (whole < INT64_MIN || whole > INT64_MAX) return makeDouble(this.double);
        return this.#type === Type.long ? whole : makeInteger(Number(whole));
      }
    }
  }

  get double(): number {
    return Number.isNaN(this.#sum) ? this.#plain : this.#sum;
  }

  get decimal(): Parts {
    const whole = Number.isFinite(this.#sum)
      ? addDecimals(decimalOf(this.#sum), decimalOf(this.#rest))
      : decimalOf(this.#plain);
    return addDecimals(this.#decimal, whole);
  }

  /** The nearest int64 by MongoDB's own rounding; null where there is none. */
  get long(): bigint | null {
    if (!Number.isFinite(this.#sum)) return null;
    const first = BigInt(roundAway(this.#sum));
    const second = roundAway(this.#sum - Number(first) + this.#rest);
    const whole = first + BigInt(second);
    return whole < INT64_MIN || whole > INT64_MAX ? null : whole;
  }

  /** Of integers only: exact. */
  #whole(): bigint {
    return BigInt(this.#sum) + BigInt(this.#rest);
  }

  #addDouble(value: number): void {
    this.#plain += value;
    const first = value + this.#rest;
    const lost = this.#rest - (first - value);
    const sum = this.#sum + first;
    const before = sum - first;
    const added = sum - before;
    this.#rest = lost + ((this.#sum - before) + (first - added));
    this.#sum = sum;
  }
}

/** To the nearest integer, halves away from zero. */
function roundAway(value: number): number {
  const magnitude = Math.abs(value);
  const down = Math.floor(magnitude);
  return Math.sign(value) * (magnitude - down >= 0.5 ? down + 1 : down);
}
