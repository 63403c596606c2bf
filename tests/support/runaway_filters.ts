/** Filters that would never end, or never have enough, each in its own way. */
import type { Document } from "../../core/contract/document.ts";

/** A text or an array, doubled again and again. */
const doubled = (operator: string, start: unknown) => ({
  $reduce: {
    input: { $range: [0, 60] },
    initialValue: start,
    in: { [operator]: ["$$value", "$$value"] },
  },
});

const EVERY_PAIR = {
  $map: {
    input: { $range: [0, { $add: [2_000, "$candidate.fid"] }] },
    as: "a",
    in: { $map: { input: { $range: [0, 2_000] }, in: { $add: ["$$this", "$$a"] } } },
  },
};

export const RUNAWAYS: Readonly<Record<string, Document[]>> = {
  "loops over a huge array": [{
    $project: { x: { $size: { $range: [0, { $add: [5e6, "$candidate.fid"] }] } } },
  }],
  "loops within loops": [{ $project: { x: EVERY_PAIR } }],
  "tries a pattern in all ways": [
    { $project: { text: { $concat: ["a".repeat(50), "$objectId"] } } },
    { $match: { text: { $regex: "^(a+)+$" } } },
  ],
  "allocates without end": [{ $project: { x: doubled("$concat", "$objectId") } }],
  "allocates arrays without end": [{ $project: { x: doubled("$concatArrays", ["$candid"]) } }],
};
