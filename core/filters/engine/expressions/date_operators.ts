/** Dates with units of time, and dates as texts. */
import {
  addToDate,
  dateDifference,
  isUnit,
  truncateDate,
  type Unit,
  weekdayNamed,
} from "../date_arithmetic.ts";
import { checkFormat, formatDate, isoText, parseDate } from "../date_text.ts";
import { INT64_MIN, wholeNumber } from "../numbers.ts";
import { isNullish } from "../values.ts";
import { coerceToDate, isDateLike, zoneFor } from "./dates.ts";
import { compileNamed, fail, given, type Operator, type Operators, typeName } from "./define.ts";
import { folded } from "./expression.ts";

export const DATE_OPERATORS: Operators = {
  $dateAdd: addition(1n),
  $dateSubtract: addition(-1n),
  $dateDiff: difference(),
  $dateTrunc: truncation(),
  $dateToString: toText(),
  $dateFromString: fromText(),
};

function addition(sign: 1n | -1n): Operator {
  const named = {
    unknown: 5166401,
    notObject: 5166400,
    names: { startDate: 5166402, unit: 5166402, amount: 5166402, timezone: null },
  };
  return (argument, scope, name) => {
    const { startDate, unit, amount, timezone } = compileNamed(argument, scope, name, named);
    return folded(given(startDate, unit, amount, timezone), (root, frame) => {
      const values: unknown[] = [];
      for (const part of [startDate, unit, amount]) {
        const value = part!.evaluate(root, frame);
        if (isNullish(value)) return null;
        values.push(value);
      }
      const zone = zoneFor(timezone, root, frame);
      if (zone === null) return null;
      const [start, unitName, count] = values;
      if (!isDateLike(start)) {
        fail(5166403, `${name} requires startDate to be convertible to a date`);
      }
      if (typeof unitName !== "string") {
        fail(5166404, `${name} expects string defining the time unit`);
      }
      if (!isUnit(unitName)) return fail(9, `unknown time unit value: ${unitName}`);
      const whole = wholeNumber(count, 64);
      if (whole === null) fail(5166405, `${name} expects integer amount of time units`);
      if (sign < 0n && whole === INT64_MIN) {
        fail(6045000, `invalid $dateSubtract 'amount': ${whole}`);
      }
      return addToDate(coerceToDate(start), unitName, sign * whole!, zone);
    });
  };
}

function difference(): Operator {
  const named = {
    unknown: 5166302,
    notObject: 5166301,
    names: {
      startDate: 5166303,
      endDate: 5166304,
      unit: 5166305,
      timezone: null,
      startOfWeek: null,
    },
  };
  return (argument, scope, name) => {
    const parts = compileNamed(argument, scope, name, named);
    const { startDate, endDate, unit, timezone, startOfWeek } = parts;
    return folded(given(startDate, endDate, unit, timezone, startOfWeek), (root, frame) => {
      const values: unknown[] = [];
      for (const part of [startDate, endDate, unit]) {
        const value = part!.evaluate(root, frame);
        if (isNullish(value)) return null;
        values.push(value);
      }
      const [start, end, unitName] = values;
      const firstDay = unitName === "week" ? startOfWeek?.evaluate(root, frame) : "sunday";
      if (unitName === "week" && startOfWeek !== undefined && isNullish(firstDay)) return null;
      const zone = zoneFor(timezone, root, frame);
      if (zone === null) return null;
      for (const [each, which] of [[start, "startDate"], [end, "endDate"]]) {
        if (!isDateLike(each)) fail(5166307, `$dateDiff requires '${which}' to be a date`);
      }
      const count = toUnit(name, unitName);
      const weekday = toWeekday(name, firstDay ?? "sunday");
      return dateDifference(coerceToDate(start), coerceToDate(end), count, zone, weekday);
    });
  };
}

function toUnit(name: string, value: unknown): Unit {
  if (typeof value !== "string") {
    return fail(5439013, `${name} requires 'unit' to be a string, but got ${typeName(value)}`);
  }
  return isUnit(value) ? value : fail(5439014, `${name}: '${value}' is not a time unit`);
}

function toWeekday(name: string, value: unknown): number {
  if (typeof value !== "string") {
    return fail(5439015, `${name} requires 'startOfWeek' to be a string: ${typeName(value)}`);
  }
  const weekday = weekdayNamed(value);
  return weekday < 0 ? fail(5439016, `${name}: '${value}' is not a day of a week`) : weekday;
}

function truncation(): Operator {
  const named = {
    unknown: 5439008,
    notObject: 5439007,
    names: { date: 5439009, unit: 5439010, binSize: null, timezone: null, startOfWeek: null },
  };
  return (argument, scope, name) => {
    const parts = compileNamed(argument, scope, name, named);
    const { date, unit, binSize, timezone, startOfWeek } = parts;
    return folded(given(date, unit, binSize, timezone, startOfWeek), (root, frame) => {
      const value = date!.evaluate(root, frame);
      if (isNullish(value)) return null;
      const unitName = unit!.evaluate(root, frame);
      if (isNullish(unitName)) return null;
      const size = binSize === undefined ? 1 : binSize.evaluate(root, frame);
      if (isNullish(size)) return null;
      const firstDay = unitName === "week" ? startOfWeek?.evaluate(root, frame) : "sunday";
      if (unitName === "week" && startOfWeek !== undefined && isNullish(firstDay)) return null;
      const zone = zoneFor(timezone, root, frame);
      if (zone === null) return null;
      if (!isDateLike(value)) {
        fail(5439012, `$dateTrunc requires 'date' to be a date: ${typeName(value)}`);
      }
      const cut = toUnit(name, unitName);
      const whole = wholeNumber(size, 64);
      if (whole === null) fail(5439017, `$dateTrunc requires 'binSize' to be a 64-bit integer`);
      if (whole! <= 0n) {
        fail(5439018, `$dateTrunc requires 'binSize' to be greater than 0: ${whole}`);
      }
      const weekday = toWeekday(name, firstDay ?? "sunday");
      return truncateDate(coerceToDate(value), cut, whole!, zone, weekday);
    });
  };
}

function toText(): Operator {
  const named = {
    unknown: 18534,
    notObject: 18629,
    names: { date: 18628, format: null, timezone: null, onNull: null },
  };
  return (argument, scope, name) => {
    const { date, format, timezone, onNull } = compileNamed(argument, scope, name, named);
    return folded(given(date, format, timezone, onNull), (root, frame) => {
      const value = date!.evaluate(root, frame);
      const written = format?.evaluate(root, frame);
      if (!isNullish(written)) {
        if (typeof written !== "string") {
          fail(18533, `$dateToString requires that 'format' be a string: ${typeName(written)}`);
        }
        checkFormat(written);
      }
      const zone = zoneFor(timezone, root, frame);
      if (isNullish(value)) return onNull === undefined ? null : onNull.evaluate(root, frame);
      if (zone === null) return null;
      if (format === undefined) return isoText(coerceToDate(value), zone);
      return isNullish(written) ? null : formatDate(written, coerceToDate(value), zone);
    });
  };
}

function fromText(): Operator {
  const named = {
    unknown: 40541,
    notObject: 40540,
    names: { dateString: 40542, format: null, timezone: null, onNull: null, onError: null },
  };
  return (argument, scope, name) => {
    const parts = compileNamed(argument, scope, name, named);
    const { dateString, format, timezone, onNull, onError } = parts;
    if (format !== undefined) throw scope.notCompiled("$dateFromString with a format");
    return folded(given(dateString, timezone, onNull, onError), (root, frame) => {
      const text = dateString!.evaluate(root, frame);
      const zone = zoneFor(timezone, root, frame);
      if (isNullish(text)) return onNull === undefined ? null : onNull.evaluate(root, frame);
      if (typeof text !== "string") {
        if (onError !== undefined) return onError.evaluate(root, frame);
        fail(241, `$dateFromString requires that 'dateString' be a string: ${typeName(text)}`);
      }
      return zone === null ? null : parseDate(text, timezone && zone);
    });
  };
}
