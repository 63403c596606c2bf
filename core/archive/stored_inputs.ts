/**
 * Archived alerts as filters see them, each with the light curve that it had at its time: all points
 * strictly earlier, since the archive holds later ones by now. As stages for MongoDB, and in memory.
 */
import type { AggregateOptions, Db } from "mongodb";
import type { Document } from "../contract/document.ts";
import type { SurveyDef } from "../contract/survey.ts";
import { compare } from "../filters/engine/values.ts";
import { readDocuments } from "./bson_read.ts";
import { told } from "./cursor_batches.ts";

const LIGHT_CURVES = ["prv_candidates", "fp_hists"];

/** A curve that the survey doesn't have stays absent, one that the object doesn't have stays null. */
const AS_OF_ALERT = {
  $set: Object.fromEntries(LIGHT_CURVES.map((name) => [name, {
    $cond: [
      { $isArray: `$${name}` },
      { $filter: { input: `$${name}`, as: "item", cond: { $lt: ["$$item.jd", "$candidate.jd"] } } },
      `$${name}`,
    ],
  }])),
};

/** The same of a filter's input in memory. */
function asOfAlert(input: Document): Document {
  const { jd } = input.candidate as Document;
  const cut = LIGHT_CURVES.filter((name) => Array.isArray(input[name])).map((name) => [
    name,
    (input[name] as (Document | null)[]).filter((point) => compare(point?.jd, jd) < 0),
  ]);
  return { ...input, ...Object.fromEntries(cut) };
}

/** Stages that give the alerts fulfilling `which` that the permissions cover. */
export function storedInputs(
  survey: SurveyDef,
  permissions: readonly number[],
  which: Document,
): Document[] {
  const [, ...upstream] = survey.upstream([], permissions);
  return [
    { $match: { ...visibleAlerts(survey, permissions), ...which } },
    ...upstream,
    AS_OF_ALERT,
  ];
}

/** What alerts fulfil that the permissions cover. */
export function visibleAlerts(survey: SurveyDef, permissions: readonly number[]): Document {
  // Made anew each time: nobody else's candids or permissions are ever in it.
  const { candid: _, ...isVisible } = survey.upstream([], permissions)[0]!.$match as Document;
  return isVisible;
}

export interface InputsWanted {
  readonly survey: SurveyDef;
  readonly permissions: readonly number[];
  /** False: with the light curves that are archived by now. */
  readonly isAsOf: boolean;
}

/** Light curves take some 50 kB an alert. */
const ALERTS_AT_ONCE = 100;
const ROWS_PER_REPLY = 1_000_000;
const READ_MS_MAX = 120_000;

/**
 * Those of the alerts that the permissions cover, as a live filter would see them, some at a time: two
 * plain reads take a quarter of what the stages do. The next are read while the last are worked on.
 */
export async function* readInputs(
  db: Db,
  wanted: InputsWanted,
  candids: readonly (number | bigint)[],
  signal: AbortSignal,
): AsyncGenerator<Document[]> {
  const chunks: (readonly (number | bigint)[])[] = [];
  for (let at = 0; at < candids.length; at += ALERTS_AT_ONCE) {
    chunks.push(candids.slice(at, at + ALERTS_AT_ONCE));
  }
  const start = (chunk: readonly (number | bigint)[] | undefined) => {
    const reading = chunk && readStored(db, wanted, chunk, signal);
    reading?.catch(() => {}); // Told when its turn comes, if it does.
    return reading;
  };
  let next = start(chunks[0]);
  for (let i = 0; next !== undefined; i++) {
    const stored = await next;
    next = start(chunks[i + 1]);
    yield toInputs(wanted, stored);
  }
}

interface Stored {
  readonly alerts: readonly Document[];
  /** The objects' documents, raw. */
  readonly aux: readonly Uint8Array[];
}

async function readStored(
  db: Db,
  { survey, permissions }: InputsWanted,
  candids: readonly (number | bigint)[],
  signal: AbortSignal,
): Promise<Stored> {
  const { collections, cutoutKeys, objectIdKey } = survey;
  const read = async (collection: string, filter: Document, projection: Document) => {
    const options = { raw: true, batchSize: ROWS_PER_REPLY, maxTimeMS: READ_MS_MAX, signal };
    const cursor = db.collection(collection)
      .find(filter, { ...options, projection, comment: "filter replay" } as AggregateOptions);
    return await told(() => cursor.toArray()) as unknown as Uint8Array[];
  };
  const alerts = readDocuments(
    await read(
      collections.alerts,
      { candid: { $in: [...candids] }, ...visibleAlerts(survey, permissions) },
      Object.fromEntries(Object.values(cutoutKeys).map((key) => [key, 0])),
    ),
  );
  const objectIds = [...new Set(alerts.map((alert) => alert[objectIdKey]))];
  return { alerts, aux: await read(collections.aux, { _id: { $in: objectIds } }, {}) };
}

function toInputs({ survey, permissions, isAsOf }: InputsWanted, { alerts, aux }: Stored) {
  const byObject = new Map(readDocuments(aux).map((document) => [document._id, document]));
  return alerts.flatMap((alert): Document[] => {
    const object = byObject.get(alert[survey.objectIdKey]);
    const input = survey.toFilterInput(alert, object, permissions);
    if (input === null) return [];
    return [isAsOf ? asOfAlert(input) : input];
  });
}
