/** Random pipelines of several stages, for the documents of `random_documents.ts`. */
import type { Document } from "../../core/contract/document.ts";
import type { Random } from "./random.ts";
import { FIELDS, type Kind, randomOf } from "./random_documents.ts";
import { randomExpression } from "./random_expressions.ts";

const KINDS = Object.keys(FIELDS) as Kind[];
const NEW_FIELDS = ["x", "y", "host.new", "points.extra", "mag", "n", "o.a", "deep.er.z"];

/** One to four stages. */
export function randomPipeline(random: Random): Document[] {
  const stages = Array.from({ length: 1 + random.below(4) }, () => randomStage(random));
  // The order of groups, and of items of a set, is MongoDB's own.
  const at = stages.findIndex((stage) => "$group" in stage || "$sortByCount" in stage);
  if (at < 0) return stages;
  const sets = Object.entries((stages[at]!.$group ?? {}) as Document)
    .filter(([, value]) => typeof value === "object" && value !== null && "$addToSet" in value)
    .map(([name]) => ({
      $addFields: { [name]: { $sortArray: { input: `$${name}`, sortBy: 1 } } },
    }));
  return [...stages.slice(0, at + 1), ...sets];
}

type MakeStage = (random: Random) => Document;

const STAGES: readonly (readonly [weight: number, make: MakeStage])[] = [
  [8, (r) => ({ $match: randomQuery(r) })],
  [8, (r) => ({ $project: randomProjection(r) })],
  [4, (r) => ({ [r.pick(["$addFields", "$set"])]: newFields(r) })],
  [2, (r) => ({ $unset: r.chance(0.5) ? field(r) : [field(r), "name"] })],
  [2, (r) => ({ $replaceRoot: { newRoot: newRoot(r) } })],
  [1, (r) => ({ $replaceWith: newRoot(r) })],
  [5, (r) => ({ $unwind: unwind(r) })],
  [4, (r) => ({ $group: group(r) })],
  [4, (r) => ({ $sort: Object.fromEntries([0, 1].map(() => [field(r), r.pick([1, -1])])) })],
  [2, (r) => ({ $limit: 1 + r.below(3) })],
  [1, (r) => ({ $skip: r.below(3) })],
  [1, () => ({ $count: "n" })],
  [1, (r) => ({ $sortByCount: `$${field(r)}` })],
  [1, (r) => ({ $bucket: bucket(r) })],
  [1, (r) => ({ $redact: redact(r) })],
  [2, (r) => ({ $setWindowFields: windows(r) })],
  [1, (r) => ({
    $facet: {
      a: [{ $project: { _id: 1 } }],
      b: [{ $unwind: unwind(r) }, { $match: randomQuery(r) }, { $count: "n" }],
    },
  })],
];
const TOTAL = STAGES.reduce((sum, [weight]) => sum + weight, 0);

function randomStage(random: Random): Document {
  let at = random.below(TOTAL);
  for (const [weight, make] of STAGES) {
    if ((at -= weight) < 0) return make(random);
  }
  throw new Error("Cannot be: weights add up to their total");
}

function field(random: Random): string {
  return random.pick(FIELDS[random.pick(KINDS)]);
}

/** Mostly of a kind with what is compared. */
function typicalPair(random: Random): [string, unknown] {
  const kind = random.pick(KINDS);
  return [random.pick(FIELDS[kind]), randomOf(random, random.chance(0.9) ? kind : "any")];
}

function randomQuery(random: Random, depth = 2): Document {
  const query: Document = {};
  for (let i = random.below(2); i >= 0; i--) {
    if (depth > 0 && random.chance(0.2)) {
      const queries = Array.from(
        { length: 1 + random.below(3) },
        () => randomQuery(random, depth - 1),
      );
      query[random.pick(["$or", "$and", "$nor"])] = queries;
    } else if (random.chance(0.2)) query.$expr = randomExpression(random, 2);
    else Object.assign(query, comparison(random));
  }
  return query;
}

function comparison(random: Random): Document {
  const [path, value] = typicalPair(random);
  switch (random.below(9)) {
    case 0:
      return { [path]: { $exists: random.chance(0.7) } };
    case 1:
      return { [path]: { [random.pick(["$in", "$nin"])]: [value, randomOf(random, "any"), null] } };
    case 2:
      return { [path]: { $type: random.pick(["number", "string", "array", "object", "null"]) } };
    case 3:
      return { [path]: { $not: { [random.pick(["$gt", "$lte"])]: value } } };
    case 4:
      return {
        points: { $elemMatch: { mag: { $lt: 19 }, fid: random.pick([1, { $gt: 1 }, { $ne: 2 }]) } },
      };
    case 5:
      return { [path]: value };
    default:
      return { [path]: { [random.pick(["$gt", "$gte", "$lt", "$lte", "$ne", "$eq"])]: value } };
  }
}

function randomProjection(random: Random): Document {
  const projection: Document = {};
  if (random.chance(0.3)) projection._id = random.pick([0, false, 1, "$name"]);
  const drops = random.chance(0.25);
  for (let i = random.below(4); i >= 0; i--) {
    if (drops) projection[field(random)] = random.pick([0, false]);
    else if (random.chance(0.4)) projection[field(random)] = random.pick([1, true]);
    else if (random.chance(0.2)) {
      projection[random.pick(["points", "host", "new"])] = {
        mag: 1,
        [random.pick(["p", "ra", "fid"])]: randomExpression(random, 1),
      };
    } else Object.assign(projection, newFields(random));
  }
  return projection;
}

function newFields(random: Random): Document {
  const fields: Document = {};
  for (let i = random.below(2); i >= 0; i--) {
    const name = random.pick(NEW_FIELDS);
    // A path that is given another name with a dot in it confuses MongoDB's optimizer.
    fields[name] = random.chance(0.3) && !name.includes(".")
      ? `$${field(random)}`
      : random.chance(0.1)
      ? { p: randomExpression(random, 1), "q.r": 5 }
      : random.chance(0.05)
      ? "$$ROOT"
      : randomExpression(random, 2);
  }
  return fields;
}

function newRoot(random: Random): unknown {
  return random.pick<unknown>([
    "$host",
    "$o",
    "$mixed",
    { $mergeObjects: ["$host", { kept: "$mag" }] },
    { a: `$${field(random)}`, b: randomExpression(random, 1) },
    { $ifNull: ["$o", "$$ROOT"] },
    { $arrayElemAt: ["$points", 0] },
  ]);
}

function unwind(random: Random): unknown {
  const path = `$${
    random.pick(["points", "mags", "tags", "list", "host.ra", "missing", "mixed", "o.a"])
  }`;
  if (random.chance(0.5)) return path;
  return {
    path,
    ...random.chance(0.5) && { includeArrayIndex: random.pick(["at", "deep.at", "mag"]) },
    ...random.chance(0.5) && { preserveNullAndEmptyArrays: random.chance(0.7) },
  };
}

function group(random: Random): Document {
  const accumulators = [
    ...["$sum", "$avg", "$min", "$max", "$first", "$last", "$push", "$stdDevPop", "$stdDevSamp"],
    ...["$addToSet", "$mergeObjects", "$count", "$firstN", "$maxN", "$top", "$bottomN"],
  ];
  const fields = Array.from({ length: 1 + random.below(3) }, (_, i): [string, unknown] => {
    const name = random.pick(accumulators);
    return [`v${i}`, { [name]: operandOf(random, name) }];
  });
  const _id = random.pick<unknown>([
    null,
    `$${field(random)}`,
    `$${field(random)}`,
    { a: "$fid", b: `$${field(random)}` },
    { $floor: "$mag" },
  ]);
  return { _id, ...Object.fromEntries(fields) };
}

function operandOf(random: Random, name: string): unknown {
  const value = random.chance(0.7) ? `$${field(random)}` : randomExpression(random, 1);
  const sortBy = { [field(random)]: random.pick([1, -1]) };
  switch (name) {
    case "$count":
      return {};
    case "$mergeObjects":
      return random.pick(["$host", "$o", "$points", "$mixed"]);
    case "$firstN":
    case "$maxN":
      return { input: value, n: 1 + random.below(3) };
    case "$top":
      return { output: value, sortBy };
    case "$bottomN":
      return { output: value, sortBy, n: 2 };
    default:
      return random.chance(0.15) ? 1 : value;
  }
}

function bucket(random: Random): Document {
  return {
    groupBy: random.pick(["$mag", "$n", "$i", "$name"]),
    boundaries: random.pick([[-10, 0, 10, 20], [0, 1, 2.5, 1e300], ["", "a", "b", "z"]]),
    ...random.chance(0.8) && { default: random.pick<unknown>(["other", -100, null]) },
    ...random.chance(0.5) && { output: { n: { $sum: 1 }, top: { $max: `$${field(random)}` } } },
  };
}

function redact(random: Random): Document {
  const decisions = ["$$DESCEND", "$$PRUNE", "$$KEEP"];
  return {
    $cond: [randomExpression(random, 1), random.pick(decisions), random.pick(decisions)],
  };
}

function windows(random: Random): Document {
  const accumulators = ["$sum", "$avg", "$min", "$max", "$first", "$last", "$push", "$stdDevPop"];
  const bounds = () => random.pick<unknown>(["unbounded", "current", -1, 0, 1, 2]);
  const output = (): Document =>
    random.pick<() => Document>([
      () => ({ [random.pick(["$rank", "$denseRank", "$documentNumber"])]: {} }),
      () => ({ $shift: { output: `$${field(random)}`, by: random.pick([1, -1, 2]) } }),
      () => ({
        [random.pick(accumulators)]: `$${field(random)}`,
        ...random.chance(0.7) && { window: { documents: [bounds(), bounds()] } },
      }),
    ])();
  return {
    ...random.chance(0.4) && { partitionBy: random.pick(["$fid", "$points.fid", "$name", "$i"]) },
    ...random.chance(0.8) && { sortBy: { [field(random)]: random.pick([1, -1]) } },
    output: { [random.pick(["mag", "w"])]: output() },
  };
}
