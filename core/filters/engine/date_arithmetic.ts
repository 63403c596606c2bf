/** Adding units of time to dates, counting them between dates, and cutting dates down to them. */
import { dayOf, daysInMonth, daysOf, modulo, MS_PER_DAY, weekdayOf } from "./calendar.ts";
import { localTime } from "./date_text.ts";
import { FilterError, NotCompiled } from "./errors.ts";
import { toDate } from "./numbers.ts";
import type { Zone } from "./time_zones.ts";

export type Unit = keyof typeof UNITS;

/** How long a unit is: always so many ms, or so many months. */
const UNITS = {
  year: { months: 12 },
  quarter: { months: 3 },
  month: { months: 1 },
  week: { ms: 7 * MS_PER_DAY },
  day: { ms: MS_PER_DAY },
  hour: { ms: 3_600_000 },
  minute: { ms: 60_000 },
  second: { ms: 1000 },
  millisecond: { ms: 1 },
} as const;

export function isUnit(text: string): text is Unit {
  return Object.hasOwn(UNITS, text);
}

const WEEKDAYS = ["sunday", "monday", "tuesday", "wednesday", "thursday", "friday", "saturday"];

/** 0, Sunday, to 6; -1 where it is none. Whole or by its first three letters. */
export function weekdayNamed(text: string): number {
  const lower = text.toLowerCase();
  return WEEKDAYS.findIndex((name) => name === lower || name.slice(0, 3) === lower);
}

/** The last day of a month stands for those that it doesn't have. */
export function addToDate(date: Date, unit: Unit, amount: bigint, zone: Zone): Date {
  const length = UNITS[unit];
  const utcMs = date.getTime();
  if (unit !== "millisecond" && utcMs < 0 && utcMs % 1000 !== 0) {
    throw new NotCompiled("a date before 1970 added to: MongoDB's is a second off");
  }
  if ("ms" in length) {
    const step = BigInt(length.ms);
    // Days are those of the clock on the wall, which may have 23 hours.
    if (step >= BigInt(MS_PER_DAY)) needFixed(zone);
    if (step >= BigInt(MS_PER_DAY) && isTooMany(amount * step)) failAmount(amount, unit);
    const ms = BigInt(utcMs) + amount * step;
    if (ms !== BigInt.asIntN(64, ms) || amount * step !== BigInt.asIntN(64, amount * step)) {
      throw new FilterError(159, `Overflow while adding ${amount} ${unit}`);
    }
    return toDate(ms);
  }
  const months = amount * BigInt(length.months);
  if (isTooMany(months * 28n * BigInt(MS_PER_DAY))) failAmount(amount, unit);
  const offset = needFixed(zone);
  const { days, ms } = localTime(date, zone);
  const { year, month, day } = dayOf(days);
  const total = year * 12 + month - 1 + Number(months);
  const [newYear, newMonth] = [Math.floor(total / 12), modulo(total, 12) + 1];
  const newDay = Math.min(day, daysInMonth(newYear, newMonth));
  const newDays = daysOf({ year: newYear, month: newMonth, day: newDay });
  return toDate(BigInt(newDays) * BigInt(MS_PER_DAY) + BigInt(ms - offset));
}

/** MongoDB refuses amounts that can't lead to a date; near that, and beyond our dates, it is asked. */
function isTooMany(ms: bigint): boolean {
  return ms > 2n ** 62n || ms < -(2n ** 62n);
}

function failAmount(amount: bigint, unit: Unit): never {
  throw new NotCompiled(`${amount} of the unit ${unit} added to a date`);
}

/** How many beginnings of units lie between two dates. */
export function dateDifference(
  start: Date,
  end: Date,
  unit: Unit,
  zone: Zone,
  firstWeekday: number,
): bigint {
  const [a, b] = [localTime(start, zone), localTime(end, zone)];
  const length = UNITS[unit];
  if ("months" in length) {
    const [from, to] = [dayOf(a.days), dayOf(b.days)];
    const count = (year: number, month: number) =>
      Math.floor((year * 12 + month - 1) / length.months);
    return BigInt(count(to.year, to.month) - count(from.year, from.month));
  }
  if (unit === "week") {
    const weeks = (days: number) =>
      Math.floor((days - modulo(weekdayOf(days) - firstWeekday, 7)) / 7);
    // Both are the same weekday, so that the difference is of whole weeks.
    return BigInt(weeks(b.days) - weeks(a.days));
  }
  if (unit === "day") return BigInt(b.days - a.days);
  if (unit === "millisecond") return BigInt(end.getTime()) - BigInt(start.getTime());
  if (zone.fixedMs === null) throw new NotCompiled("hours between dates in a zone that changes");
  const units = ({ days, ms }: { days: number; ms: number }) =>
    BigInt(days) * BigInt(MS_PER_DAY / length.ms) + BigInt(Math.floor(ms / length.ms));
  return units(b) - units(a);
}

/** Bins are counted from the beginning of 2000, or of its first week. */
export function truncateDate(
  date: Date,
  unit: Unit,
  binSize: bigint,
  zone: Zone,
  firstWeekday: number,
): Date {
  const offset = needFixed(zone);
  const length = UNITS[unit];
  if ("months" in length) {
    const months = binSize * BigInt(length.months);
    if (months > MONTHS_MAX) failBin(binSize, unit);
    const { year, month } = dayOf(localTime(date, zone).days);
    const total = BigInt((year - 2000) * 12 + month - 1);
    const start = Number(floorTo(total, months));
    const days = daysOf({ year: 2000, month: start + 1, day: 1 });
    return toDate(BigInt(days) * BigInt(MS_PER_DAY) - BigInt(offset));
  }
  const bin = binSize * BigInt(length.ms);
  if (bin > MS_MAX) failBin(binSize, unit);
  const first = unit === "week" ? modulo(firstWeekday - weekdayOf(DAYS_TO_2000), 7) : 0;
  const reference = BigInt((DAYS_TO_2000 + first) * MS_PER_DAY - offset);
  return toDate(reference + floorTo(BigInt(date.getTime()) - reference, bin));
}

const DAYS_TO_2000 = daysOf({ year: 2000, month: 1, day: 1 });
/** Beyond these MongoDB has rules of its own. */
const MONTHS_MAX = 100_000n;
const MS_MAX = 2n ** 52n;

function failBin(binSize: bigint, unit: Unit): never {
  throw new NotCompiled(`bins of ${binSize} of the unit ${unit}`);
}

function floorTo(value: bigint, by: bigint): bigint {
  const rest = value % by;
  return value - (rest < 0n ? rest + by : rest);
}

function needFixed({ fixedMs }: Zone): number {
  if (fixedMs === null) throw new NotCompiled("local time of a zone that changes its own");
  return fixedMs;
}
