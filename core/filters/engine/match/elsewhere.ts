/** Operators of queries that aren't compiled: MongoDB looks at them, or says what is wrong. */
import { NotCompiled } from "../errors.ts";

const INDEXED = "it goes by an index, which a single alert doesn't have";

/** By name: why it is MongoDB's. */
const REASONS: Readonly<Record<string, string>> = {
  $geoIntersects: "it is about shapes that aren't points",
  $jsonSchema: "it is a language of its own",
  $near: INDEXED,
  $nearSphere: INDEXED,
  $sampleRate: "it is a matter of chance",
};

export function notCompiled(name: string): NotCompiled {
  const reason = REASONS[name];
  return new NotCompiled(
    reason === undefined ? `${name} isn't a known operator of a query` : `${name}, as ${reason}`,
    name,
  );
}
