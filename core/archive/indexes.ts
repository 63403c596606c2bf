/** Creates the indexes that the collections need, by the names that queries may give as a hint. */
import type { Db } from "mongodb";
import type { IndexDef, SurveyDef } from "../contract/survey.ts";

/** Creates what is missing; an index that is there is left alone. Collections are created first. */
export async function ensureSurveyIndexes(db: Db, survey: SurveyDef): Promise<void> {
  const { alerts, aux } = survey.collections;
  // A transaction can't always create a collection, and two that try run into each other.
  await ensureCollections(db, [alerts, aux, "outbox", "rejected"]);
  await ensureIndexes(db, alerts, [...survey.indexes, historyIndex(survey)]);
  await ensureIndexes(db, "rejected", [{ name: "survey_at", keys: { survey: 1, at: -1 } }]);
}

/**
 * Answers "which alerts of this object are stored, and how bright were they" from the index alone;
 * without it each stored alert, cutouts and all, is read for the features of the next one.
 */
export function historyIndex({ objectIdKey }: SurveyDef): IndexDef {
  return {
    name: `${objectIdKey}_candid_jd_magpsf`,
    keys: { [objectIdKey]: 1, candid: 1, "candidate.jd": 1, "candidate.magpsf": 1 },
  };
}

export async function ensureIndexes(
  db: Db,
  collection: string,
  indexes: readonly IndexDef[],
): Promise<void> {
  await db.collection(collection).createIndexes(
    indexes.map(({ name, keys, unique }) => ({ name, key: keys, ...(unique && { unique }) })),
  );
}

/** Creates those that aren't there: a transaction can't always do so. */
export async function ensureCollections(db: Db, names: readonly string[]): Promise<void> {
  const there = new Set(
    (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name),
  );
  for (const name of names) {
    if (there.has(name)) continue;
    await db.createCollection(name).catch((error: { codeName?: string }) => {
      if (error.codeName !== "NamespaceExists") throw error; // Another core was faster.
    });
  }
}
