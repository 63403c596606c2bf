/**
 * What an edge has to know of a query to find out who can answer it, and the texts of its parts. What
 * else is in a query, and whether it is one at all, is for a core to say.
 */
import { isPlainObject } from "../core/contract/extended_json.ts";
import { JsonError, parseExact } from "../core/contract/json.ts";
import { POSITIONS_MAX } from "../core/contract/query.ts";
import { blanksEnd, itemsOf, type Member, membersOf, type Span, stringOf } from "./json_spans.ts";
import type { Share } from "./plan.ts";

export interface QueryText {
  /** Null: it isn't told, or the text isn't a query. */
  readonly type: string | null;
  /** Of `info`. */
  readonly command: string | null;
  /** Those that it asks, in order. */
  readonly catalogs: readonly string[];
  /** Those that its pipeline reads besides. */
  readonly joined: readonly string[];
  /** Whether it asks each of its catalogs for itself, so that each may be asked elsewhere. */
  readonly isDivisible: boolean;
  /** Whether the client takes an answer that lacks what nobody can tell for now. */
  readonly isPartial: boolean;
  /** Whether only its cost is asked for. */
  readonly isExplained: boolean;
  /** How many positions it has, where these may be asked for share by share; else 0. */
  readonly positions: number;
  /** The query of some of its catalogs, and of a share of its positions, as the client would write it. */
  part(catalogs: readonly string[], share: Share | undefined): string;
}

/** A text that is shorter has too few positions to share out. */
const SHARED_CHARS_MIN = 2_000;

export function readQuery(text: string): QueryText {
  const whole = membersOf(text, blanksEnd(text, 0));
  const textOf = (members: Map<string, Member> | null | undefined, name: string) => {
    const value = members?.get(name)?.value;
    return value === undefined ? null : stringOf(text, value);
  };
  const inside = (members: Map<string, Member> | null | undefined, name: string) => {
    const value = members?.get(name)?.value;
    return value === undefined ? null : membersOf(text, value.start);
  };
  const type = textOf(whole, "query_type");
  const query = inside(whole, "query");
  const isDivisible = type === "cone_search" || type === "near";
  const named = isDivisible ? query?.get("catalogs")?.value : undefined;
  const asked = new Map(
    named && [...membersOf(text, named.start) ?? []].map(([name, member]) => [name.trim(), member]),
  );
  const catalog = textOf(query, "catalog")?.trim();
  const pipeline = type === "aggregate" ? query?.get("pipeline")?.value : undefined;
  const radec = (type === "near" ? query : inside(query, "object_coordinates"))?.get("radec")
    ?.value;
  const positions = isDivisible && radec !== undefined ? positionsOf(text, radec) : [];
  const kwargs = inside(whole, "kwargs");
  const isSet = (name: string) => {
    const value = kwargs?.get(name)?.value;
    return value !== undefined && text.slice(value.start, value.end) === "true";
  };

  return {
    type,
    command: type === "info" ? textOf(query, "command") : null,
    catalogs: isDivisible ? [...asked.keys()] : catalog === undefined ? [] : [catalog],
    joined: pipeline === undefined ? [] : joinedIn(text.slice(pipeline.start, pipeline.end)),
    isDivisible,
    isPartial: isSet("partial"),
    isExplained: isSet("explain"),
    positions: positions.length,
    part(catalogs, share) {
      const members = catalogs.map((name) => asked.get(name)!);
      const replaced: Replaced[] = [{ span: named!, items: members, brackets: "{}" }];
      if (share !== undefined) {
        const items = positions.slice(share.from, share.to);
        replaced.push({ span: radec!, items, brackets: text[radec!.start] === "{" ? "{}" : "[]" });
      }
      return withItems(text, replaced);
    },
  };
}

interface Replaced {
  readonly span: Span;
  readonly items: readonly Span[];
  readonly brackets: string;
}

/** The text with only these items in these lists. */
function withItems(text: string, replaced: readonly Replaced[]): string {
  let result = "";
  let at = 0;
  for (
    const { span, items, brackets } of replaced.toSorted((a, b) => a.span.start - b.span.start)
  ) {
    const list = items.map(({ start, end }) => text.slice(start, end)).join(", ");
    result += text.slice(at, span.start) + brackets[0] + list + brackets[1];
    at = span.end;
  }
  return result + text.slice(at);
}

/**
 * The positions of a list or of an object; none, where they mustn't be taken apart: a core would find
 * them too many, or two of them have one name in the answer, where the last would count.
 */
function positionsOf(text: string, radec: Span): readonly Span[] {
  if (radec.end - radec.start < SHARED_CHARS_MIN) return [];
  const members = membersOf(text, radec.start);
  const items = members === null ? itemsOf(text, radec.start) ?? [] : [...members.values()];
  if (items.length > POSITIONS_MAX) return [];
  try {
    const names = members === null
      ? items.map(({ start, end }) => JSON.stringify(JSON.parse(text.slice(start, end))))
      : [...members.keys()].map((name) => name.replaceAll(".", "_"));
    return new Set(names).size === items.length ? items : [];
  } catch {
    return []; // `NaN`, or no position at all: for a core to say.
  }
}

const JOINS = /lookup|unionWith|\\u/i;
/** In the text of a Python list, as which a pipeline may come too. */
const NAMED = /["'](?:from|coll|\$unionWith)["']\s*:\s*["']([^"']+)["']/g;

/** The catalogs that a pipeline reads besides its own, whatever stages they are in. */
function joinedIn(pipeline: string): string[] {
  if (!JOINS.test(pipeline)) return [];
  try {
    const stages = parseExact(pipeline);
    if (typeof stages !== "string") return [...new Set(namesIn(stages))];
    return [...new Set([...stages.matchAll(NAMED)].map(([, name]) => name!))];
  } catch (error) {
    if (error instanceof JsonError) return [];
    throw error;
  }
}

function namesIn(value: unknown): string[] {
  if (Array.isArray(value)) return value.flatMap(namesIn);
  if (!isPlainObject(value)) return [];
  return Object.entries(value).flatMap(([key, inner]) => {
    const named = key === "$unionWith" && typeof inner === "string" ? [inner] : [];
    if (!["$lookup", "$graphLookup", "$unionWith"].includes(key) || !isPlainObject(inner)) {
      return [...named, ...namesIn(inner)];
    }
    const names = [inner.from, inner.coll].filter((name) => typeof name === "string");
    return [...named, ...names, ...namesIn(inner)];
  });
}
