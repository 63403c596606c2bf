/** Saves filters of other brokers: each of them whole, or not at all. */
import type { Db } from "mongodb";
import { auditStore } from "../../core/archive/audit_store.ts";
import { bsonToJson } from "../../core/archive/bson_json.ts";
import { writeDocument } from "../../core/archive/bson_write.ts";
import { type FilterId, filterStore } from "../../core/archive/filter_store.ts";
import { type FilterTrials, filterTrials } from "../../core/archive/filter_trials.ts";
import { type Document, toInteger } from "../../core/contract/document.ts";
import { QueryError } from "../../core/contract/query.ts";
import type { SurveyDef } from "../../core/contract/survey.ts";
import {
  type ImportedFilter,
  type ImportedVersion,
  isWhole,
} from "../../core/filters/imports/report.ts";

export interface SaveOptions {
  readonly groupId: number;
  /** Of the first filter; the others count on from it. Undefined: above all that there are. */
  readonly firstId: number | undefined;
  /** Also where something couldn't be translated: without it. */
  readonly partial: boolean;
  /** Live at once. */
  readonly active: boolean;
}

export interface Saved {
  readonly filter: ImportedFilter;
  /** Undefined: it wasn't saved, for the reason. */
  readonly filterId?: FilterId;
  readonly reason?: string;
  /** Our names of its versions, by theirs. */
  readonly versions?: Readonly<Record<string, string>>;
}

/** How long the look at one pipeline may take. */
const DRY_RUN_MS_MAX = 10_000;
/** Who did it, for the audit. */
const OPERATOR = {
  principal: { name: "kowalski filters import", admin: true, permissions: [], programIds: [] },
  origin: { address: "local", requestId: crypto.randomUUID(), tokenId: null, epochMs: 0 },
};

export async function saveFilters(
  db: Db,
  survey: SurveyDef,
  filters: readonly ImportedFilter[],
  options: SaveOptions,
): Promise<Saved[]> {
  let nextId = options.firstId ?? await highestId(db) + 1;
  const saved: Saved[] = [];
  for (const filter of filters) {
    const outcome = await saveOne(db, survey, filter, nextId, options);
    if (outcome.filterId !== undefined) nextId++;
    saved.push(outcome);
  }
  return saved;
}

async function highestId(db: Db): Promise<number> {
  const [last] = await db.collection("filters").find({}, {
    sort: { filter_id: -1 },
    limit: 1,
    projection: { _id: 0, filter_id: 1 },
  }).toArray();
  return Number(last?.filter_id ?? 0);
}

async function saveOne(
  db: Db,
  survey: SurveyDef,
  filter: ImportedFilter,
  id: number,
  { groupId, partial, active }: SaveOptions,
): Promise<Saved> {
  const { catalog, permissions } = filter;
  if (catalog === null) return { filter, reason: "it is of a survey that we don't have" };
  if (!isWhole(filter) && !partial) return { filter, reason: "not all of it could be translated" };
  const usable = filter.versions.filter(({ pipeline, untranslated }) =>
    pipeline !== null && (partial || untranslated.length === 0)
  );
  if (!usable.some(({ isActive }) => isActive)) {
    return { filter, reason: "its active version couldn't be translated" };
  }
  const trials = filterTrials(db, [survey]);
  for (const version of usable) {
    const reason = await refusalOf(trials, version, { catalog, permissions });
    if (reason !== undefined) return { filter, reason };
  }
  const filterId = toInteger(BigInt(id));
  const [first, ...others] = usable.map((version) => ({
    version,
    text: textOf(version.pipeline!),
  }));
  const store = filterStore(db);
  const names: Record<string, string> = {};
  const nameOf = ({ version }: ImportedVersion, fid: string) => names[version ?? "1"] = fid;
  const entry = {
    action: "filter.import",
    target: String(id),
    details: { from: filter.from, name: filter.name, group_id: groupId },
  };
  return await auditStore(db).write(OPERATOR, entry, async () => {
    const created = await store.create(
      {
        filter_id: filterId,
        group_id: toInteger(BigInt(groupId)),
        catalog,
        permissions,
        // Not live until all of its versions are there.
        active: false,
        autosave: false,
        auto_followup: {},
        update_annotations: false,
      },
      first!.text,
      undefined,
    );
    if (typeof created === "string") return { filter, reason: `there is a filter ${id} already` };
    let activeFid = created.fid;
    nameOf(first!.version, created.fid);
    for (const { version, text } of others) {
      const added = await store.addVersion(filterId, text, () => {});
      if (added === "absent") throw new Error(`Cannot go on as filter ${id} was removed meanwhile`);
      nameOf(version, added.fid);
      if (version.isActive) activeFid = added.fid;
    }
    await store.change(filterId, () => ({ set: { active_fid: activeFid, active } }));
    return { filter, filterId, versions: names };
  });
}

/** What MongoDB, or the list of what may pass, says against it. */
async function refusalOf(
  trials: FilterTrials,
  { version, pipeline }: ImportedVersion,
  scope: { readonly catalog: string; readonly permissions: readonly number[] },
): Promise<string | undefined> {
  try {
    const signal = AbortSignal.timeout(DRY_RUN_MS_MAX);
    await trials.dryRun(scope, textOf(pipeline!), signal);
  } catch (error) {
    if (!(error instanceof QueryError)) throw error;
    return `version ${version ?? 1} can't be run: ${error.message}`;
  }
}

/** Extended JSON, in which every number keeps its type. */
function textOf(pipeline: readonly Document[]): string {
  const json = bsonToJson(writeDocument({ pipeline }));
  return json.slice('{"pipeline": '.length, -1);
}
