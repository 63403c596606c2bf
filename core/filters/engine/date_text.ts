/** Dates as texts, both ways. */
import { dayOf, dayOfYear, daysOf, isoDayOf, MS_PER_DAY, weekdayOf, weekOf } from "./calendar.ts";
import { FilterError, NotCompiled } from "./errors.ts";
import { UTC, type Zone } from "./time_zones.ts";

/** What MongoDB writes, where no format is given. */
const ISO_FORMAT = "%Y-%m-%dT%H:%M:%S.%LZ";
const MS_PER_MINUTE = 60_000;

/** With a `Z` at its end whatever the zone is, as MongoDB has it. */
export function isoText(date: Date, zone: Zone = UTC): string {
  return formatDate(ISO_FORMAT, date, zone);
}

/** Time since midnight and days since 1970, as read on a clock in the zone. */
export interface LocalTime {
  readonly days: number;
  readonly ms: number;
  readonly offsetMs: number;
}

export function localTime(date: Date, zone: Zone): LocalTime {
  const utcMs = date.getTime();
  if (Number.isNaN(utcMs)) throw new NotCompiled("a date beyond the year 275760");
  const offsetMs = zone.offsetMs(utcMs);
  const local = utcMs + offsetMs;
  const days = Math.floor(local / MS_PER_DAY);
  return { days, ms: local - days * MS_PER_DAY, offsetMs };
}

/** Each letter after `%` that a format may have. */
const LETTERS: Readonly<Record<string, (time: LocalTime) => string>> = {
  Y: ({ days }) => padded(dayOf(days).year, 4),
  G: ({ days }) => padded(isoDayOf(days).year, 4),
  m: ({ days }) => padded(dayOf(days).month, 2),
  d: ({ days }) => padded(dayOf(days).day, 2),
  H: ({ ms }) => padded(Math.floor(ms / 3_600_000), 2),
  M: ({ ms }) => padded(Math.floor(ms / MS_PER_MINUTE) % 60, 2),
  S: ({ ms }) => padded(Math.floor(ms / 1000) % 60, 2),
  L: ({ ms }) => padded(ms % 1000, 3),
  j: ({ days }) => padded(dayOfYear(days), 3),
  w: ({ days }) => padded(weekdayOf(days) + 1, 1),
  u: ({ days }) => padded(isoDayOf(days).weekday, 1),
  U: ({ days }) => padded(weekOf(days), 2),
  V: ({ days }) => padded(isoDayOf(days).week, 2),
  z: ({ offsetMs }) => {
    const minutes = Math.abs(offsetMs) / MS_PER_MINUTE;
    const sign = offsetMs < 0 ? "-" : "+";
    return `${sign}${padded(Math.floor(minutes / 60), 2)}${padded(Math.floor(minutes % 60), 2)}`;
  },
  Z: ({ offsetMs }) => String(Math.trunc(offsetMs / MS_PER_MINUTE)),
  "%": () => "%",
};

export function checkFormat(format: string): void {
  for (let at = format.indexOf("%"); at >= 0; at = format.indexOf("%", at + 2)) {
    const letter = format[at + 1];
    if (letter === undefined) throw new FilterError(18535, "Unmatched '%' at end of format string");
    if (!Object.hasOwn(LETTERS, letter)) {
      throw new FilterError(18536, `Invalid format character '%${letter}' in format string`);
    }
  }
}

/** Throws `FilterError` where a year has more than four digits. */
export function formatDate(format: string, date: Date, zone: Zone): string {
  const time = localTime(date, zone);
  return format.replace(/%(.)/gs, (_, letter) => LETTERS[letter]!(time));
}

function padded(value: number, digits: number): string {
  if (value < 0 || value > 9999) {
    throw new FilterError(
      18537,
      `Could not convert date to string: date component was outside of 0-9999: ${value}`,
    );
  }
  return String(value).padStart(digits, "0");
}

const ISO_DATE =
  /^(\d{4})-(\d\d)-(\d\d)(?:[T ](\d\d):(\d\d):(\d\d)(?:\.(\d{1,3}))?(Z|[+-]\d\d(?::?\d\d)?)?)?$/;

/** ISO 8601 forms only; throws `NotCompiled` for the many others that MongoDB tries to read. */
export function parseDate(text: string, given: Zone | undefined): Date {
  const zone = given ?? UTC;
  const match = ISO_DATE.exec(text);
  if (match === null) throw new NotCompiled("a date that isn't written as ISO 8601 has it");
  const [year, month, day, hour = 0, minute = 0, second = 0] = match.slice(1, 7).map((digits) =>
    digits === undefined ? undefined : Number(digits)
  ) as [number, number, number, number?, number?, number?];
  const ms = Math.trunc(Number(`0.${match[7] ?? 0}`) * 1000 + 0.5);
  const days = daysOf({ year, month, day });
  const found = dayOf(days);
  const isProper = found.month === month && found.day === day && hour < 24 && minute < 60 &&
    second < 60 && year > 0;
  if (!isProper) throw new NotCompiled("a date that isn't on the calendar");
  const own = match[8];
  if (own !== undefined && given !== undefined) throw new NotCompiled("a date with two time zones");
  const offset = own === undefined ? zone.fixedMs : own === "Z" ? 0 : offsetOf(own);
  if (offset === null) throw new NotCompiled("local time of a zone that changes its own");
  return new Date(days * MS_PER_DAY + ((hour * 60 + minute) * 60 + second) * 1000 + ms - offset);
}

function offsetOf(text: string): number {
  const digits = text.slice(1).replace(":", "").padEnd(4, "0");
  const minutes = Number(digits.slice(0, 2)) * 60 + Number(digits.slice(2));
  if (minutes > 14 * 60) throw new NotCompiled("a time zone that isn't on Earth");
  return (text.startsWith("-") ? -minutes : minutes) * MS_PER_MINUTE;
}
