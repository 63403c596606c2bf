import { z } from "zod";
import type { FilterChange, FilterId, StoredFilter } from "../archive/filter_store.ts";
import { type Document, toInteger, toNumber } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { shortText } from "../contract/json.ts";
import { QueryError } from "../contract/query.ts";
import { defineOperation, type OperationContext } from "../operation.ts";
import { checkReach } from "./_filter_access.ts";
import { aboutFilter, notFound, toAnswer } from "./_filter_id.ts";
import { checkSettings, isAutosaved, type SettingsName, type Wording } from "./_filter_settings.ts";

/** Changes what of a filter may change; what is null, and all else, stays as it is. */
export default defineOperation({
  name: "filters_update",
  permission: "filters",
  input: z.object({ body: z.unknown() }),
  async run({ body }, context) {
    const { principal, stores: { filters, retries, audit } } = context;
    if (!isPlainObject(body)) throw new QueryError("ValidationError: the body must be an object");
    const id = toFilterId(body.filter_id);
    const filter = await filters.find(id);
    if (!filter) throw notFound(id);
    checkReach(principal, filter.permissions);
    const changes = await toChanges(body, filter, context);
    retries.seen(aboutFilter(id));
    let data = filter;
    if (Object.keys(changes.set).length > 0) {
      const details = { fields: Object.keys(changes.set) };
      const entry = { action: "filter.update", target: String(id), details };
      data = await audit.write(context, entry, async () => {
        const changed = await filters.change(id, (now) => {
          if (!now._id.equals(filter._id)) throw notFound(id); // Removed, and another made.
          return checked(now, changes);
        });
        if (changed === "absent") throw notFound(id);
        if (changed === "other order") throw new QueryError(wordingOf(id).otherOrder());
        return changed;
      });
    }
    return { kind: "json", message: `Updated filter id ${id}`, data: toAnswer(data) };
  },
});

/** A number, in whatever form JSON has it; a text of one is no id. */
function toFilterId(value: unknown): FilterId {
  const id = toNumber(value);
  if (!Number.isSafeInteger(id)) throw notFound(shortText(value ?? null));
  return toInteger(BigInt(id));
}

const isBoolean = (value: unknown) => typeof value === "boolean";
/** What may change, and what it may be. */
const CHANGEABLE: Readonly<Record<string, readonly [string, (value: unknown) => boolean]>> = {
  active: ["a boolean", isBoolean],
  active_fid: ["text", (value) => typeof value === "string"],
  autosave: ["a boolean or an object", (value) => isBoolean(value) || isPlainObject(value)],
  auto_followup: ["an object", isPlainObject],
  update_annotations: ["a boolean", isBoolean],
};

/** What is right whatever else becomes of the filter meanwhile: a run of its pipelines, mostly. */
async function toChanges(
  sent: Document,
  filter: StoredFilter,
  context: OperationContext,
): Promise<FilterChange> {
  const id = filter.filter_id;
  const set: Document = {};
  let order: FilterChange["order"];
  for (const [name, [type, is]] of Object.entries(CHANGEABLE)) {
    const value = sent[name];
    if (value == null) continue;
    if (!is(value)) {
      throw new QueryError(
        `Cannot update filter id ${id} as ${name} must be ${type}: ` +
          `current value is ${shortText(value)}`,
      );
    }
    set[name] = value;
    if (!isPlainObject(value)) continue;
    const checked = await checkSettings(name as SettingsName, value, {
      filter,
      replaces: id,
      needsPipeline: false,
      wording: wordingOf(id),
      context,
      signal: context.signal,
    });
    set[name] = checked.settings;
    order ??= checked.order;
  }
  return { set: set as FilterChange["set"], order };
}

/** What depends on the filter as it is when it is written. */
function checked(now: StoredFilter, change: FilterChange): FilterChange {
  const { active_fid, auto_followup, autosave = now.autosave } = change.set;
  if (active_fid != null && !now.fv.some(({ fid }) => fid === active_fid)) {
    throw new QueryError(
      `ValueError: Cannot set active_fid to ${shortText(active_fid)}: ` +
        "filter version fid not in filter.fv",
    );
  }
  if (auto_followup && Object.keys(auto_followup).length > 0 && !isAutosaved(autosave)) {
    throw new QueryError("Cannot setup auto_followup without autosave enabled");
  }
  return change;
}

function wordingOf(id: FilterId): Wording {
  const cannot = `Cannot update filter id ${id}:`;
  return {
    invalidKeys: (name) => `${cannot} ${name} contains invalid keys`,
    invalidValue: (name: SettingsName, reason) => `${cannot} ${name} is invalid: ${reason}`,
    invalidPipeline: (name, reason) => `${cannot} ${name} pipeline is invalid: ${reason}`,
    otherOrder: () =>
      `${cannot} auto_followup, filters with the same allocation have priority_order set to a ` +
      "different value, which is unexpected",
  };
}
