/** What classifications have in common: surveys, candids, names, and whose alerts somebody may see. */
import { deserialize } from "bson";
import type { ClassificationStore, LabelledSurvey } from "../archive/classification_store.ts";
import { CANDID, LABEL_SETS, type LabelSet } from "../contract/classifications.ts";
import { type Document, toNumber } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { shortText } from "../contract/json.ts";
import { type ArchiveView, QueryError } from "../contract/query.ts";

const INT64_MAX = 2n ** 63n - 1n;

/** The surveys that the original knows; which of them take labels is for the archive to say. */
const SURVEYS = ["ztf", "wntr", "pgir", "turbo"];

/** In lower case, as messages name it. */
export function surveyName(
  text: string,
  { surveys }: Pick<ClassificationStore, "surveys">,
): string {
  const name = text.toLowerCase();
  const known = [...new Set([...SURVEYS, ...surveys])];
  if (known.includes(name)) return name;
  throw new QueryError(`survey ${shortText(text)} must be one of [${known.join(", ")}]`);
}

export function labelledSurvey(name: string, classifications: ClassificationStore): LabelledSurvey {
  const survey = classifications.survey(name);
  if (survey) return survey;
  throw new QueryError(`survey ${name} classifications not available`);
}

export function toCandid(text: string): bigint {
  const candid = CANDID.test(text) ? BigInt(text) : undefined;
  if (candid === undefined || candid > INT64_MAX || candid < -INT64_MAX - 1n) {
    throw new QueryError(
      `candid must be an integer of 64 bits: current value is ${shortText(text)}`,
    );
  }
  return candid;
}

export interface SetsOf<Names> {
  readonly candid: bigint;
  readonly sets: Partial<Record<LabelSet, Names>>;
}

/** Each alert's sets, as `read` makes them of what was sent; those that are empty are left out. */
export function readSets<Names>(
  body: unknown,
  read: (value: unknown) => Names,
  isEmpty: (names: Names) => boolean,
): SetsOf<Names>[] {
  if (!isPlainObject(body) || Object.keys(body).length === 0) {
    throw new QueryError("no candid provided");
  }
  const candids = Object.keys(body).map(toCandid);
  return Object.values(body).map((sent, i) => {
    const given = isPlainObject(sent) ? LABEL_SETS.filter((set) => sent[set] != null) : [];
    const sets = given.map((set) => [set, read((sent as Document)[set])] as const)
      .filter(([, names]) => !isEmpty(names));
    if (sets.length === 0) {
      throw new QueryError(
        "no classifications provided, must provide at least one of human_labels or ml_scores",
      );
    }
    return { candid: candids[i]!, sets: Object.fromEntries(sets) };
  });
}

/** Names with their values; a name alone is worth 1. */
export function toValues(value: unknown): Map<string, number> {
  if (!isPlainObject(value)) return new Map(toNames(value).map((name) => [name, 1]));
  return new Map(toNames(value).map((name) => [name, toValue(name, value[name])]));
}

/** Of an object, a list, or a text with commas. Throws where one can't be the name of a field. */
export function toNames(value: unknown): string[] {
  const names = isPlainObject(value)
    ? Object.keys(value)
    : typeof value === "string"
    ? value.split(",").map((name) => name.trim()).filter((name) => name !== "")
    : value;
  if (!Array.isArray(names)) {
    throw new QueryError(
      `labels must be an object, a list of names or names separated by commas: ` +
        `current value is ${shortText(value)}`,
    );
  }
  for (const name of names) checkName(name);
  return [...new Set(names)];
}

/** A name is a part of a field's path in MongoDB: a dot would lead deeper, a dollar elsewhere. */
function checkName(name: unknown): void {
  const isRight = typeof name === "string" && name !== "" && name !== "__proto__" &&
    !/^\$|\.|\p{Cc}/u.test(name) && name.isWellFormed();
  if (isRight) return;
  throw new QueryError(
    "a label's name must be text without dots, control characters or a dollar in front: " +
      `current value is ${JSON.stringify(shortText(name))}`,
  );
}

function toValue(name: string, value: unknown): number {
  const number = typeof value === "string" && value.trim() !== "" ? Number(value) : toNumber(value);
  if (Number.isFinite(number)) return number;
  throw new QueryError(
    `the value of label ${shortText(name)} must be a number: current value is ${shortText(value)}`,
  );
}

export interface VisibleAlert {
  readonly objectId: unknown;
  readonly programid: unknown;
}

/** Those of the alerts that are stored, and that who asks may see. */
export async function visibleAlerts(
  archive: ArchiveView,
  { alerts, objectIdKey }: LabelledSurvey,
  candids: readonly bigint[],
): Promise<Map<bigint, VisibleAlert>> {
  const found = new Map<bigint, VisibleAlert>();
  const projection = { _id: 0, candid: 1, [objectIdKey]: 1, "candidate.programid": 1 };
  for await (
    const batch of archive.find(alerts, { candid: { $in: [...candids] } }, { projection })
  ) {
    for (const raw of batch) {
      const alert = deserialize(raw, { useBigInt64: true });
      found.set(BigInt(alert.candid), {
        objectId: alert[objectIdKey],
        programid: alert.candidate?.programid,
      });
    }
  }
  return found;
}
