/** Labels by people and scores by programs, in a document for each alert, under names of their own. */
import type { AnyBulkWriteOperation, Db, Document as BsonDocument } from "mongodb";
import { LABEL_SETS, type LabelSet } from "../contract/classifications.ts";
import { type Document, Double } from "../contract/document.ts";
import type { SurveyDef } from "../contract/survey.ts";
import { readDocument } from "./bson_read.ts";
import { told } from "./cursor_batches.ts";
import { ensureIndexes } from "./indexes.ts";

/** A survey whose alerts may have labels. */
export interface LabelledSurvey {
  readonly alerts: string;
  readonly classifications: string;
  readonly objectIdKey: string;
}

export interface Labels {
  readonly candid: bigint;
  readonly objectId: unknown;
  /** As the alert has it, so that reads can be guarded by it. */
  readonly programid: unknown;
  readonly sets: Partial<Record<LabelSet, ReadonlyMap<string, number>>>;
}

export interface LabelNames {
  readonly candid: bigint;
  readonly sets: Partial<Record<LabelSet, readonly string[]>>;
}

export interface ClassificationStore {
  /** Of all surveys, in lower case, whether their alerts may have labels or not. */
  readonly surveys: readonly string[];
  /** By its name in lower case; undefined: there is none, or its alerts have no labels. */
  survey(name: string): LabelledSurvey | undefined;
  /** The document as it is stored; null: the alert has no labels. */
  find(survey: LabelledSurvey, candid: bigint): Promise<Document | null>;
  /** Those of the alerts that have a document. */
  known(survey: LabelledSurvey, candids: readonly bigint[]): Promise<bigint[]>;
  /** Adds to what is there; names are not checked. */
  put(survey: LabelledSurvey, labels: readonly Labels[]): Promise<void>;
  remove(survey: LabelledSurvey, names: readonly LabelNames[]): Promise<void>;
}

export function classificationStore(db: Db, surveys: readonly SurveyDef[]): ClassificationStore {
  const labelled = new Map(surveys.flatMap(({ name, collections, objectIdKey }) => {
    const { alerts, classifications } = collections;
    return classifications === undefined
      ? []
      : [[name.toLowerCase(), { alerts, classifications, objectIdKey }]];
  }));

  return {
    surveys: surveys.map(({ name }) => name.toLowerCase()),
    survey: (name) => labelled.get(name),
    async find({ classifications }, candid) {
      const raw = await told(() =>
        documents(classifications).findOne({ _id: candid as never }, { raw: true })
      );
      return raw && readDocument(raw as unknown as Uint8Array);
    },
    async known({ classifications }, candids) {
      const found = await told(() =>
        documents(classifications).find({ _id: { $in: candids as never[] } }, {
          projection: { _id: 1 },
          raw: true,
        }).toArray()
      );
      return found.map((raw) => BigInt(readDocument(raw as unknown as Uint8Array)._id as bigint));
    },
    put: ({ classifications, objectIdKey }, labels) =>
      write(
        classifications,
        labels.map(({ candid, objectId, programid, sets }) => ({
          updateOne: {
            filter: { _id: candid as never },
            update: {
              $set: {
                [objectIdKey]: objectId,
                ...programid !== undefined && { programid },
                ...fields(sets, (names) => [...names].map(([name, v]) => [name, new Double(v)])),
              },
            },
            upsert: true,
          },
        })),
      ),
    remove: ({ classifications }, all) =>
      write(
        classifications,
        all.map(({ candid, sets }) => ({
          updateOne: {
            filter: { _id: candid as never },
            update: { $unset: fields(sets, (names) => names.map((name) => [name, ""])) },
          },
        })),
      ),
  };

  function documents(name: string) {
    return db.collection<BsonDocument>(name);
  }

  async function write(name: string, writes: AnyBulkWriteOperation[]): Promise<void> {
    await told(() => documents(name).bulkWrite(writes));
  }
}

/** Their name is the contract's, so that queries may give it as a hint. */
export async function ensureClassificationIndexes(
  db: Db,
  surveys: readonly Pick<SurveyDef, "collections" | "objectIdKey">[],
): Promise<void> {
  for (const { collections: { classifications }, objectIdKey } of surveys) {
    if (classifications === undefined) continue;
    await ensureIndexes(db, classifications, [{ name: objectIdKey, keys: { [objectIdKey]: -1 } }]);
  }
}

/** `human_labels.Ia` and so on, with what belongs to each. */
function fields<Names>(
  sets: Partial<Record<LabelSet, Names>>,
  entries: (names: Names) => readonly (readonly [string, unknown])[],
): Document {
  return Object.fromEntries(
    LABEL_SETS.flatMap((set) => {
      const names = sets[set];
      return names === undefined
        ? []
        : entries(names).map(([name, value]) => [`${set}.${name}`, value]);
    }),
  );
}
