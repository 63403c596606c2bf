/** One condition at one path of a document. */
import { separationDeg } from "../../astro/angles.ts";
import { nearest } from "../../base/nearest.ts";
import type { Document } from "../../contract/document.ts";
import type { ConditionReport, Shortfall } from "../../contract/filter_reports.ts";
import { type AtEnd, childOf, compileElements } from "../engine/match/elements.ts";
import { isNumber, isObject, plainNumber } from "../engine/values.ts";
import { type FieldCondition, placeText, readQuery } from "../query_tree.ts";
import { askText, foundText, itemsText } from "../words/condition_text.ts";
import { brief, SHOWN_MAX } from "../words/value_text.ts";
import { conditionReports, type Witness } from "./conditions.ts";
import { isLimiting, least, opposite, shortfall } from "./shortfall.ts";

/** These see an array as one value; all others its items too. */
const OF_ARRAYS = new Set(["$size", "$elemMatch"]);
/** More items of an array than this are not compared in search of the nearest. */
const ITEMS_MAX = 100;

export async function fieldReport(
  condition: FieldCondition,
  witness: Witness,
  wanted: boolean,
): Promise<ConditionReport> {
  const { path, operator, operand, query, place } = condition;
  const { document, judge, stage } = witness;
  const told = await judge.holds(query, document);
  const here = {
    place: placeText(stage, place),
    asks: `${path} ${askText(operator, operand, wanted)}`,
    path,
  };
  const values = valuesAt(document, path, OF_ARRAYS.has(operator) ? "as it is" : "items too");
  const seen = {
    found: foundOf(operator, values),
    values: values.slice(0, SHOWN_MAX).map((value) => brief(value)),
    count: values.length,
  };
  const made = witness.madeOf(path);
  const more = { ...seen, ...made && { made_of: made } };
  if ("failure" in told) return { ...here, holds: null, ...more, failure: told.failure };
  const holds = told.value === wanted;
  if (holds) return { ...here, holds, ...more };
  if (operator === "$elemMatch" && wanted) {
    return { ...here, holds, ...more, ...await nearestItem(condition, values, witness) };
  }
  return { ...here, holds, ...more, ...distance(condition, values, wanted, witness.unitOf(path)) };
}

/** The elements that a condition at the path looks at; one that is missing is left out. */
export function valuesAt(document: Document, path: string, atEnd: AtEnd): unknown[] {
  const names = path.split(".");
  const seen: unknown[] = [];
  const look = compileElements(names, atEnd, (element) => {
    seen.push(element);
    return false;
  });
  look(childOf(document, names[0]!));
  const there = seen.filter((value) => value !== undefined);
  // An array comes after its items, and would only repeat them.
  const isRepeated = atEnd === "items too" && there.length > 1 && Array.isArray(there.at(-1));
  return isRepeated ? there.slice(0, -1) : there;
}

function foundOf(operator: string, values: readonly unknown[]): string {
  const [value] = values;
  if (!OF_ARRAYS.has(operator) || !Array.isArray(value)) return foundText(values);
  return `it has ${itemsText(value.length)}`;
}

function distance(
  { operator, operand }: FieldCondition,
  values: readonly unknown[],
  wanted: boolean,
  unit: string | undefined,
): { short?: Shortfall; nearest?: unknown } {
  if (isLimiting(operator)) {
    // What must not hold has to be changed as far as for its opposite to hold.
    const asked = wanted ? operator : opposite(operator);
    const short = shortfall(asked, operand, values, unit);
    return short ? { short } : {};
  }
  if ((operator === "$in") === wanted && Array.isArray(operand)) {
    return operator === "$in" || operator === "$nin" ? nearestOf(operand, values, unit) : {};
  }
  if (operator === "$size" && wanted) {
    const lengths = values.filter(Array.isArray).map(({ length }) => length);
    const short = shortfall("$eq", operand, lengths, "items");
    return short ? { short } : {};
  }
  if (operator === "$geoWithin" && wanted) {
    const short = outside(operand, values);
    return short ? { short } : {};
  }
  return {};
}

/** Of several values that would do, the one that is nearest to one that is there. */
function nearestOf(
  wanted: readonly unknown[],
  values: readonly unknown[],
  unit: string | undefined,
): { short?: Shortfall; nearest?: unknown } {
  const falls = wanted.map((each) => ({ each, short: shortfall("$eq", each, values, unit) }));
  const short = least(falls.flatMap((fall) => fall.short ?? []));
  if (short) return { short, nearest: falls.find((fall) => fall.short === short)!.each };
  const texts = wanted.filter((each) => typeof each === "string");
  const near = values.filter((value) => typeof value === "string")
    .map((value) => nearest(value, texts)).find((text) => text !== undefined);
  return near === undefined ? {} : { nearest: near };
}

const DEGREES = 180 / Math.PI;

/** How far outside of a circle, degrees. */
function outside(operand: unknown, values: readonly unknown[]): Shortfall | undefined {
  const circle = isObject(operand) ? operand.$centerSphere : undefined;
  if (!Array.isArray(circle)) return undefined;
  const [centre, radius] = [directionOf(circle[0]), numberOf(circle[1]) * DEGREES];
  const falls = values.flatMap((value): Shortfall[] => {
    const place = directionOf(isObject(value) ? value.coordinates : value);
    if (!centre || !place) return [];
    const by = separationDeg(centre, place) - radius;
    return by >= 0 ? [{ by, way: "over", unit: "deg", share: by / radius }] : [];
  });
  return least(falls);
}

function directionOf(pair: unknown): { raDeg: number; decDeg: number } | undefined {
  if (!Array.isArray(pair) || pair.length !== 2) return undefined;
  const [raDeg, decDeg] = pair.map(numberOf) as [number, number];
  return Number.isFinite(raDeg) && Number.isFinite(decDeg) ? { raDeg, decDeg } : undefined;
}

function numberOf(value: unknown): number {
  return isNumber(value) ? Number(plainNumber(value)) : NaN;
}

/** What the item that comes nearest to an `$elemMatch` lacks. */
async function nearestItem(
  { operand, place }: FieldCondition,
  values: readonly unknown[],
  witness: Witness,
): Promise<Partial<ConditionReport>> {
  const items = values.filter(Array.isArray).flat().slice(0, ITEMS_MAX);
  const ofItem = isObject(operand) && Object.keys(operand)[0]?.startsWith("$") &&
    !["$and", "$or", "$nor"].includes(Object.keys(operand)[0]!);
  // Operators alone are about the item itself, which needs a name to be asked for.
  const query = readQuery(ofItem ? { item: operand } : operand, place);
  let best: { readonly index: number; readonly parts: ConditionReport[] } | undefined;
  for (const [index, item] of items.entries()) {
    const document = ofItem ? { item } : isObject(item) ? item : {};
    const parts = await conditionReports(query, {
      ...witness,
      document,
      unitOf: () => undefined,
      madeOf: () => undefined,
      madeFrom: () => undefined,
    });
    if (best === undefined || lack(parts) < lack(best.parts)) best = { index, parts };
  }
  if (best === undefined) return {};
  const count = values.filter(Array.isArray).flat().length;
  return {
    found: `it has ${itemsText(count)}, of which number ${best.index} is nearest`,
    parts: best.parts,
  };
}

/** What is missing before all hold: whole conditions first, then how far these are from holding. */
export function lack(parts: readonly ConditionReport[]): number {
  return parts.reduce((sum, part) => sum + lackOf(part), 0);
}

function lackOf(part: ConditionReport): number {
  if (part.holds) return 0;
  if (part.parts === undefined || part.parts.length === 0) {
    const share = part.short?.share ?? 1;
    return 1 + share / (1 + share);
  }
  const lacks = part.parts.map(lackOf);
  return part.choice ? Math.min(...lacks) : lacks.reduce((sum, each) => sum + each, 0);
}
