/** How far a value is from what a comparison asks for. */
import type { Shortfall } from "../../contract/filter_reports.ts";
import { isNumber, plainNumber, Type, typeOf } from "../engine/values.ts";

const MS_PER_DAY = 86_400_000;
/** Beside a limit of zero, a difference is as large as it is beside this. */
const LIMIT_MIN = 1e-9;

/** `$gt` and the like, as far as they compare with one limit. */
export type Limiting = "$gt" | "$gte" | "$lt" | "$lte" | "$eq" | "$ne";
const LIMITING: ReadonlySet<string> = new Set(["$gt", "$gte", "$lt", "$lte", "$eq", "$ne"]);

export function isLimiting(operator: string): operator is Limiting {
  return LIMITING.has(operator);
}

/** The comparison that holds where this one doesn't. */
export function opposite(operator: Limiting): Limiting {
  switch (operator) {
    case "$gt":
      return "$lte";
    case "$gte":
      return "$lt";
    case "$lt":
      return "$gte";
    case "$lte":
      return "$gt";
    case "$eq":
      return "$ne";
    case "$ne":
      return "$eq";
  }
}

/**
 * Of several values: of the nearest one. Undefined where none can be compared with the limit, or where
 * any change would do.
 */
export function shortfall(
  operator: Limiting,
  limit: unknown,
  values: readonly unknown[],
  unit?: string,
): Shortfall | undefined {
  if (operator === "$ne") return undefined;
  const falls = values.flatMap((value) => fallOf(operator, limit, value, unit) ?? []);
  return least(falls);
}

export function least(falls: readonly Shortfall[]): Shortfall | undefined {
  return falls.reduce<Shortfall | undefined>(
    (best, each) => best === undefined || each.by < best.by ? each : best,
    undefined,
  );
}

function fallOf(
  operator: Exclude<Limiting, "$ne">,
  limit: unknown,
  value: unknown,
  unit?: string,
): Shortfall | undefined {
  const isDate = typeOf(limit) === Type.date && typeOf(value) === Type.date;
  const [wanted, found] = isDate
    ? [limit, value].map((date) => (date as Date).getTime() / MS_PER_DAY) as [number, number]
    : [numberOf(limit), numberOf(value)];
  const by = Math.abs(wanted - found);
  if (!Number.isFinite(by)) return undefined;
  const way = operator === "$eq" ? "off" : found <= wanted && isLower(operator) ? "short" : "over";
  const told = isDate ? "days" : unit;
  return {
    by,
    way,
    ...told !== undefined && { unit: told },
    share: by / Math.max(isDate ? 1 : Math.abs(wanted), LIMIT_MIN),
  };
}

function isLower(operator: Limiting): boolean {
  return operator === "$gt" || operator === "$gte";
}

function numberOf(value: unknown): number {
  return isNumber(value) ? Number(plainNumber(value)) : NaN;
}
