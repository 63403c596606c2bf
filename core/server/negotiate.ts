/** Which form an answer has: the client says it by `Accept`. */
import { likedBest } from "../contract/accept.ts";
import type { Answer } from "../contract/query.ts";
import type { FormatDef, TableAnswer } from "./format.ts";

/** What a format's answers are, for the header. */
export function contentType({ mediaTypes: [type], parameters }: FormatDef): string {
  return parameters === undefined ? type : `${type}; ${parameters}`;
}

/**
 * The format that the client likes best, of those that there are; else `otherwise`: a client that
 * takes anything, or nothing that we have, gets what clients have always got.
 */
export function negotiate(
  accept: string | null,
  formats: Iterable<FormatDef>,
  otherwise: FormatDef,
): FormatDef {
  const byType = new Map(
    [...formats].flatMap((format) => format.mediaTypes.map((type) => [type, format] as const)),
  );
  return byType.get(likedBest(accept, [...byType.keys()]) ?? "") ?? otherwise;
}

/** Whether it is made of documents, so that it can have any form. */
export function isTable(answer: Answer): answer is TableAnswer {
  return answer !== null && answer.kind !== "value" && answer.kind !== "done";
}
