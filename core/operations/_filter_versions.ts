/** Which version of a filter is meant, and which time: as those who run versions on stored alerts say it. */
import type { FilterVersion, StoredFilter } from "../archive/filter_store.ts";
import { julianDate } from "../astro/julian_date.ts";
import { toNumber } from "../contract/document.ts";
import { shortText } from "../contract/json.ts";
import { QueryError } from "../contract/query.ts";

/** Date, or date and time, UTC. */
const ISO = /^(\d{4}-\d\d-\d\d)(?:[T ](\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?)Z?)?$/;

/** The Julian date of a time that a client has sent under this name. Throws `QueryError`. */
export function toJd(name: string, value: unknown): number {
  if (typeof value !== "string") {
    const jd = toNumber(value);
    if (Number.isFinite(jd)) return jd;
    throw new QueryError(`${name} must be a float or a string`);
  }
  const [, date, time = "00:00"] = ISO.exec(value.trim()) ?? [];
  const jd = julianDate(Date.parse(`${date}T${time}Z`));
  if (!Number.isNaN(jd)) return jd;
  throw new QueryError(
    `failure: ${name} must be a time like 2021-01-01T00:00:00: current value is ${
      shortText(value)
    }`,
  );
}

/** The version of this name; the newest where there is none. Throws `QueryError`. */
export function versionOf(
  { filter_id, fv }: StoredFilter,
  fid: string | undefined,
): FilterVersion {
  if (fv.length === 0) throw new QueryError(`Filter id ${filter_id} has no versions`);
  const version = fid === undefined ? fv.at(-1) : fv.find((each) => each.fid === fid);
  if (!version) throw new QueryError(`Filter version ${shortText(fid)} not found`);
  return version;
}
