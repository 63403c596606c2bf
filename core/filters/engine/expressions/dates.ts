/** Parts of dates, and dates of parts. */
import type { Timestamp } from "bson";
import {
  dayOf,
  dayOfYear,
  daysOf,
  daysOfIso,
  isoDayOf,
  MS_PER_DAY,
  weekdayOf,
  weekOf,
} from "../calendar.ts";
import { type LocalTime, localTime } from "../date_text.ts";
import { FilterError, NotCompiled } from "../errors.ts";
import { toDate, wholeNumber } from "../numbers.ts";
import { UTC, type Zone, zoneOf } from "../time_zones.ts";
import { isNullish, isObject, Type, typeOf } from "../values.ts";
import {
  compileNamed,
  fail,
  given,
  type Operator,
  type Operators,
  typeName,
  unary,
} from "./define.ts";
import type { Expression, Frame } from "./expression.ts";
import { folded } from "./expression.ts";
import type { Document } from "../../../contract/document.ts";

export const DATES: Operators = {
  $year: part(({ days }) => dayOf(days).year),
  $month: part(({ days }) => dayOf(days).month),
  $dayOfMonth: part(({ days }) => dayOf(days).day),
  $dayOfWeek: part(({ days }) => weekdayOf(days) + 1),
  $dayOfYear: part(({ days }) => dayOfYear(days)),
  $hour: part(({ ms }) => Math.floor(ms / 3_600_000)),
  $minute: part(({ ms }) => Math.floor(ms / 60_000) % 60),
  $second: part(({ ms }) => Math.floor(ms / 1000) % 60),
  $millisecond: part(({ ms }) => ms % 1000),
  $week: part(({ days }) => weekOf(days)),
  $isoWeek: part(({ days }) => isoDayOf(days).week),
  $isoWeekYear: part(({ days }) => BigInt(isoDayOf(days).year)),
  $isoDayOfWeek: part(({ days }) => isoDayOf(days).weekday),
  $dateToParts: dateToParts(),
  $dateFromParts: dateFromParts(),
  $tsSecond: unary((value) =>
    ofTimestamp("$tsSecond", 5687301, value, (at) => at.getHighBitsUnsigned())
  ),
  $tsIncrement: unary((value) =>
    ofTimestamp("$tsIncrement", 5687302, value, (at) => at.getLowBitsUnsigned())
  ),
};

/** Dates, and what has one in it. Throws `FilterError`. */
export function coerceToDate(value: unknown): Date {
  switch (typeOf(value)) {
    case Type.date:
      return value as Date;
    case Type.timestamp:
      return new Date((value as Timestamp).getHighBitsUnsigned() * 1000);
    case Type.objectId:
      return dateOfId((value as { id: Uint8Array }).id);
    default:
      throw new FilterError(16006, `can't convert from BSON type ${typeName(value)} to Date`);
  }
}

export function isDateLike(value: unknown): boolean {
  const type = typeOf(value);
  return type === Type.date || type === Type.timestamp || type === Type.objectId;
}

/** The seconds of an ObjectId have a sign. */
function dateOfId(id: Uint8Array): Date {
  return new Date(new DataView(id.buffer, id.byteOffset, 4).getInt32(0) * 1000);
}

/** Null where a zone is asked for and there is none. */
export function zoneFor(
  zone: Expression | undefined,
  root: Document,
  frame: Frame,
  code = 40517,
): Zone | null {
  if (zone === undefined) return UTC;
  const name = zone.evaluate(root, frame);
  if (isNullish(name)) return null;
  if (typeof name !== "string") fail(code, `timezone must be a string, found ${typeName(name)}`);
  return zoneOf(name);
}

/** Of `{$year: date}`, or with a zone, `{$year: {date: ..., timezone: ...}}`. */
function part(compute: (time: LocalTime) => unknown): Operator {
  const named = { unknown: 40535, notObject: 40539, names: { date: 40539, timezone: null } };
  return (argument, scope, name) => {
    if (Array.isArray(argument) && argument.length !== 1) {
      throw scope.error(40536, `${name} accepts exactly one argument, given ${argument.length}`);
    }
    const isNamed = isObject(argument) && !Object.keys(argument)[0]?.startsWith("$");
    const { date, timezone } = isNamed
      ? compileNamed(argument, scope, name, named)
      : { date: scope.compile(Array.isArray(argument) ? argument[0] : argument) };
    return folded(given(date, timezone), (root, frame) => {
      const value = date!.evaluate(root, frame);
      if (isNullish(value)) return null;
      const at = coerceToDate(value);
      const zone = zoneFor(timezone, root, frame, 40533);
      return zone === null ? null : compute(localTime(at, zone));
    });
  };
}

function dateToParts(): Operator {
  const named = {
    unknown: 40520,
    notObject: 40524,
    names: { date: 40522, timezone: null, iso8601: null },
  };
  return (argument, scope, name) => {
    const { date, timezone, iso8601 } = compileNamed(argument, scope, name, named);
    return folded(given(date, timezone, iso8601), (root, frame) => {
      const value = date!.evaluate(root, frame);
      const zone = zoneFor(timezone, root, frame);
      if (zone === null) return null;
      const isIso = iso8601 === undefined ? false : iso8601.evaluate(root, frame);
      if (isNullish(isIso)) return null;
      if (typeof isIso !== "boolean") {
        fail(40521, `iso8601 must evaluate to a bool, found ${typeName(isIso)}`);
      }
      return isNullish(value) ? null : partsOf(localTime(coerceToDate(value), zone), isIso);
    });
  };
}

function partsOf({ days, ms }: LocalTime, isIso: boolean): Document {
  const time = {
    hour: Math.floor(ms / 3_600_000),
    minute: Math.floor(ms / 60_000) % 60,
    second: Math.floor(ms / 1000) % 60,
    millisecond: ms % 1000,
  };
  if (!isIso) return { ...dayOf(days), ...time };
  const { year, week, weekday } = isoDayOf(days);
  return { isoWeekYear: year, isoWeek: week, isoDayOfWeek: weekday, ...time };
}

/** Bounds of most parts; a part beyond its usual ones goes on into the next. */
const PART_MIN = -32_768n;
const PART_MAX = 32_767n;
const SECONDS_MAX = 2n ** 63n / 1000n;

function dateFromParts(): Operator {
  const names = ["year", "month", "day", "hour", "minute", "second", "millisecond"];
  const isoNames = ["isoWeekYear", "isoWeek", "isoDayOfWeek"];
  const all = [...names, ...isoNames, "timezone"];
  const named = {
    unknown: 40518,
    notObject: 40519,
    names: Object.fromEntries(all.map((each) => [each, null])),
  };
  return (argument, scope, name) => {
    const parts = compileNamed(argument, scope, name, named);
    const has = (...some: string[]) => some.some((each) => parts[each] !== undefined);
    if (!has("year", "isoWeekYear")) {
      throw scope.error(40516, "$dateFromParts requires either 'year' or 'isoWeekYear'");
    }
    if (has("year") && has(...isoNames)) {
      throw scope.error(40489, "$dateFromParts does not allow mixing natural dates with ISO dates");
    }
    if (has("isoWeekYear") && has("year", "month", "day")) {
      throw scope.error(40525, "$dateFromParts does not allow mixing ISO dates with natural dates");
    }
    const isIso = !has("year");
    const ordered = ["hour", "minute", "second", "millisecond"];
    const dayNames = isIso ? isoNames : ["year", "month", "day"];
    return folded(given(...Object.values(parts)), (root, frame) => {
      const read = (each: string) => readPart(each, parts[each], root, frame);
      const time: bigint[] = [];
      for (const each of ordered) {
        const value = read(each);
        if (value === null) return null;
        time.push(value);
      }
      const zone = zoneFor(parts.timezone, root, frame);
      if (zone === null) return null;
      const day: bigint[] = [];
      for (const each of dayNames) {
        const value = read(each);
        if (value === null) return null;
        day.push(value);
      }
      if (day[0]! < 1n || day[0]! > 9999n) {
        fail(isIso ? 31095 : 40523, `'${dayNames[0]}' must be in the range 1 to 9999: ${day[0]}`);
      }
      if (zone.fixedMs === null) {
        throw new NotCompiled("local time of a zone that changes its own");
      }
      const [year, month, third] = day.map(Number) as [number, number, number];
      const days = isIso
        ? daysOfIso({ year, week: month, weekday: third })
        : daysOf({ year, month, day: third });
      return dateOf(days, time, zone.fixedMs);
    });
  };
}

function readPart(
  name: string,
  part: Expression | undefined,
  root: Document,
  frame: Frame,
): bigint | null {
  if (part === undefined) {
    return ["hour", "minute", "second", "millisecond"].includes(name) ? 0n : 1n;
  }
  const value = part.evaluate(root, frame);
  if (isNullish(value)) return null;
  const whole = wholeNumber(value, 64);
  if (whole === null) {
    fail(40515, `'${name}' must evaluate to an integer, found ${typeName(value)}`);
  }
  const isBounded = !["year", "isoWeekYear", "second", "millisecond"].includes(name);
  if (isBounded && (whole! < PART_MIN || whole! > PART_MAX)) {
    fail(31034, `'${name}' must evaluate to a value in [${PART_MIN}, ${PART_MAX}]: ${whole}`);
  }
  return whole;
}

function dateOf(days: number, time: readonly bigint[], offsetMs: number): Date {
  const [hour, minute, second, ms] = time as [bigint, bigint, bigint, bigint];
  if (second > SECONDS_MAX || second < -SECONDS_MAX) {
    fail(159, "Overflow casting from a lower-precision duration to a higher-precision duration");
  }
  const start = BigInt(days) * BigInt(MS_PER_DAY) + (hour * 60n + minute) * 60_000n -
    BigInt(offsetMs);
  const total = start + second * 1000n + ms;
  if (BigInt.asIntN(64, total) !== total) throw new NotCompiled("a date beyond int64");
  return toDate(total);
}

function ofTimestamp(
  name: string,
  code: number,
  value: unknown,
  read: (at: Timestamp) => number,
): unknown {
  if (isNullish(value)) return null;
  if (typeOf(value) !== Type.timestamp) {
    fail(code, `Argument to ${name} must be a timestamp, but is ${typeName(value)}`);
  }
  return BigInt(read(value as Timestamp));
}
