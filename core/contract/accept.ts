/** What form of an answer a client wants, by its header `Accept` (RFC 9110, 12.5.1). */

/** Of answers made of documents, other than JSON: those that `core/server/formats` writes. */
export const TABLE_TYPES: readonly string[] = [
  "application/x-ndjson",
  "application/ndjson",
  "application/jsonl",
  "text/csv",
  "application/vnd.apache.parquet",
  "application/x-parquet",
  "application/x-votable+xml",
];

/**
 * The one of these media types that the client likes best; of those that it likes equally, the first
 * that it names. Undefined where it names none of them: a range with `*` asks for nothing.
 */
export function likedBest(
  accept: string | null | undefined,
  types: readonly string[],
): string | undefined {
  let best: string | undefined;
  let most = 0;
  for (const item of (accept ?? "").split(",")) {
    const [type = "", ...parameters] = item.trim().toLowerCase().split(/\s*;\s*/);
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    const liking = weight === undefined ? 1 : Number(weight.slice(2));
    if (types.includes(type) && liking > most) [best, most] = [type, liking];
  }
  return best;
}
