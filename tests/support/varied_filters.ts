/** Any number of distinct filters, as many groups have them: cuts of their own before what they copied. */
import type { Document } from "../../core/contract/document.ts";
import type { ActiveFilter } from "../../core/contract/passed.ts";
import { POSITIVE } from "./filter_parts.ts";
import { filterOf } from "./filters.ts";
import { Random } from "./random.ts";
import { REALISTIC } from "./realistic_filters.ts";

/** Those that are no more than an exercise. */
const EXERCISES = new Set(["everything", "how many epochs", "two facets", "date of the alert"]);
const LIMITS = new Set(["$gt", "$gte", "$lt", "$lte"]);

/**
 * The same for the same seed, and no two alike. Without `cuts` of their own they are what groups copy
 * from each other, with other limits: hundreds of alerts in a thousand get far into each of them.
 */
export function variedFilters(count: number, seed = 1, { cuts = true } = {}): ActiveFilter[] {
  const generator = new Random(seed);
  const random = () => generator.next();
  const templates = Object.entries(REALISTIC).filter(([name]) => !EXERCISES.has(name));
  const texts = new Set<string>();
  const filters: ActiveFilter[] = [];
  for (let i = 0; filters.length < count; i++) {
    const [, template] = templates[i % templates.length]!;
    const aim = AIMS[Math.floor(random() * AIMS.length)]!;
    const between: Between = (low, high, digits = 2) =>
      Number((low + random() * (high - low)).toFixed(digits));
    const own = cuts ? [{ $match: aim(between) }] : [];
    const pipeline = [...own, ...varied(template, random) as Document[]];
    const text = JSON.stringify(
      pipeline,
      (_, value) => typeof value === "bigint" ? `${value}` : value,
    );
    if (texts.has(text)) continue;
    texts.add(text);
    filters.push(filterOf(pipeline, filters.length + 1));
  }
  return filters;
}

type Between = (low: number, high: number, digits?: number) => number;

/** What a group is after, said by cuts that most alerts fail: each draws the lines for itself. */
const AIMS: readonly ((between: Between) => Document)[] = [
  (between) => ({ // Young and without a star.
    "candidate.drb": { $gt: between(0.5, 0.99) },
    "candidate.magpsf": { $lt: between(15.5, 17.5) },
    "candidate.ndethist": { $gte: 2, $lte: Math.round(between(3, 12)) },
    "candidate.sgscore1": { $lt: between(0.1, 0.4) },
    "candidate.ssdistnr": { $lt: 0 },
    ...POSITIVE,
  }),
  (between) => ({ // Outside of a nucleus.
    "candidate.drb": { $gt: between(0.5, 0.99) },
    "candidate.distnr": { $gt: between(1, 5) },
    "candidate.magpsf": { $lt: between(14.5, 16.5) },
    "candidate.sgscore1": { $lt: between(0.1, 0.4) },
    ...POSITIVE,
  }),
  (between) => ({ // In a nucleus, and bright.
    "candidate.distnr": { $lt: between(0.05, 0.15) },
    "candidate.magnr": { $lt: between(13, 15) },
    "candidate.sgscore1": { $lt: between(0.03, 0.1) },
    "candidate.magpsf": { $lt: between(13.5, 15.5) },
  }),
  (between) => ({ // Very bright, and new.
    "candidate.magpsf": { $lt: between(13.5, 14.5) },
    "candidate.drb": { $gt: between(0.8, 0.99) },
    "candidate.ndethist": { $lt: between(3, 20, 0) },
    ...POSITIVE,
  }),
  (between) => { // A region of the sky.
    const [l, b] = [between(-180, 175, 0), between(-60, 50, 0)];
    return {
      "coordinates.l": { $gt: l, $lt: l + 5 },
      "coordinates.b": { $gt: b, $lt: b + 5 },
      "candidate.drb": { $gt: between(0.3, 0.9) },
    };
  },
  (between) => ({ // Moving.
    "candidate.ssdistnr": { $gte: 0, $lt: between(0.3, 2) },
    "candidate.elong": { $gt: between(1.5, 3) },
  }),
];

/** The same with other limits, within 10 %. */
function varied(value: unknown, random: () => number, isLimit = false): unknown {
  if (typeof value === "number" && isLimit) {
    return value === 0 || Number.isInteger(value) && Math.abs(value) > 1e6
      ? value
      : Number((value * (0.9 + 0.2 * random())).toPrecision(4));
  }
  if (Array.isArray(value)) return value.map((item) => varied(item, random, isLimit));
  if (
    typeof value !== "object" || value === null || Object.getPrototypeOf(value) !== Object.prototype
  ) {
    return value;
  }
  return Object.fromEntries(
    Object.entries(value).map(([name, inner]) => [name, varied(inner, random, LIMITS.has(name))]),
  );
}
