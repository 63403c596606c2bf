/** Time zones as MongoDB names them. */
import { NotCompiled } from "./errors.ts";

export interface Zone {
  /** To be added to UTC, ms. Throws `NotCompiled` for times that it isn't known for. */
  offsetMs(utcMs: number): number;
  /** The offset, where it is always the same. */
  readonly fixedMs: number | null;
}

export const UTC: Zone = fixed(0);

const MS_PER_MINUTE = 60_000;

const NAMES_OF_UTC = new Set(
  [
    "UTC",
    "GMT",
    "Etc/UTC",
    "Etc/GMT",
    "Etc/Greenwich",
    "Greenwich",
    "UCT",
    "Etc/UCT",
    "Universal",
    "Etc/Universal",
    "Zulu",
    "Etc/Zulu",
    "GMT0",
    "Etc/GMT0",
    "GMT+0",
    "GMT-0",
    "Etc/GMT+0",
    "Etc/GMT-0",
  ],
);

/**
 * Zones whose rules all versions of the time zone database agree on, for the years below. Where rules
 * were changed lately (or found to have been other than was thought), MongoDB's database and ours
 * differ.
 */
const SETTLED = new Set([
  "Africa/Johannesburg",
  "America/Chicago",
  "America/Denver",
  "America/Los_Angeles",
  "America/New_York",
  "America/Phoenix",
  "Asia/Kolkata",
  "Asia/Shanghai",
  "Asia/Tokyo",
  "Atlantic/Canary",
  "Australia/Brisbane",
  "Australia/Sydney",
  "Europe/Amsterdam",
  "Europe/Berlin",
  "Europe/London",
  "Europe/Madrid",
  "Europe/Paris",
  "Europe/Rome",
  "Europe/Stockholm",
  "Europe/Warsaw",
  "Europe/Zurich",
  "Pacific/Honolulu",
]);
const SETTLED_FROM_MS = Date.UTC(1990);
const SETTLED_TO_MS = Date.UTC(2037);

/**
 * By name or offset (`+05:30`, `-0330`, `+02`). Throws `NotCompiled` for others, if there are such at
 * all.
 */
export function zoneOf(name: string): Zone {
  if (NAMES_OF_UTC.has(name)) return UTC;
  const offset = /^([+-])(\d\d)(?::?(\d\d))?$/.exec(name);
  if (offset !== null) {
    const minutes = Number(offset[2]) * 60 + Number(offset[3] ?? 0);
    return fixed((offset[1] === "-" ? -minutes : minutes) * MS_PER_MINUTE);
  }
  if (SETTLED.has(name)) return settled(name);
  throw new NotCompiled(`the time zone '${name}'`);
}

function fixed(offsetMs: number): Zone {
  return { offsetMs: () => offsetMs, fixedMs: offsetMs };
}

function settled(name: string): Zone {
  return {
    fixedMs: null,
    offsetMs(utcMs) {
      if (utcMs < SETTLED_FROM_MS || utcMs >= SETTLED_TO_MS) {
        throw new NotCompiled(`${name} before 1990 or after 2036`);
      }
      const local = Temporal.Instant.fromEpochMilliseconds(utcMs).toZonedDateTimeISO(name);
      return local.offsetNanoseconds / 1e6;
    },
  };
}
