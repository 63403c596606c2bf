/** What of `autosave` and `auto_followup` is checked before it is stored. */
import { z } from "zod";
import type { FilterFields, FilterId, PriorityOrder } from "../archive/filter_store.ts";
import { type Document, toInteger } from "../contract/document.ts";
import { AutoFollowup, Autosave, pipelineText } from "../contract/filters.ts";
import { shortText } from "../contract/json.ts";
import { plainNumbers } from "../contract/plain_numbers.ts";
import { QueryError } from "../contract/query.ts";
import type { OperationContext } from "../operation.ts";

export type SettingsName = "autosave" | "auto_followup";

/** How a fault is told, which differs from operation to operation. */
export interface Wording {
  invalidKeys(name: SettingsName): string;
  invalidValue(name: SettingsName, reason: string): string;
  invalidPipeline(name: SettingsName, reason: string): string;
  otherOrder(): string;
}

export interface CheckedSettings {
  /** As sent, its pipeline as text, its allocation as a number. */
  readonly settings: Document;
  readonly order: PriorityOrder | undefined;
}

/** How the settings of a filter that exists, or is about to, are checked. */
export interface SettingsCheck {
  readonly filter: Pick<FilterFields, "catalog" | "permissions">;
  /** The filter whose settings these become, which may contradict what it has. */
  readonly replaces: FilterId | undefined;
  /** Whether settings without a pipeline are refused. */
  readonly needsPipeline: boolean;
  readonly wording: Wording;
  readonly context: Pick<OperationContext, "stores">;
  readonly signal: AbortSignal;
}

const SCHEMAS = { autosave: Autosave, auto_followup: AutoFollowup };

/** Keys, types, priority order; and the pipeline, if there is one, by a run of it. */
export async function checkSettings(
  name: SettingsName,
  value: Document,
  check: SettingsCheck,
): Promise<CheckedSettings> {
  const { wording, filter, context: { stores } } = check;
  const { shape } = SCHEMAS[name];
  if (!Object.keys(value).every((key) => Object.hasOwn(shape, key))) {
    throw new QueryError(wording.invalidKeys(name));
  }
  if (check.needsPipeline && value.pipeline == null) {
    throw new QueryError(`Cannot test ${name} pipeline: no pipeline specified`);
  }
  const order = toOrder(value.priority_order);
  const plain = SCHEMAS[name].safeParse(plainNumbers(value));
  if (!plain.success) {
    throw new QueryError(wording.invalidValue(name, z.prettifyError(plain.error)));
  }
  const settings = { ...value };
  let allocation: PriorityOrder | undefined;
  if (value.allocation_id != null) {
    const allocationId = toAllocationId(name, value.allocation_id, wording);
    settings.allocation_id = allocationId;
    if (order !== undefined) allocation = { allocationId, order };
  } else if (order !== undefined) {
    throw new QueryError(
      wording.invalidValue(name, "allocation_id must be given with priority_order"),
    );
  }
  if (allocation && await stores.filters.hasOtherOrder(allocation, check.replaces)) {
    throw new QueryError(wording.otherOrder());
  }
  if (value.pipeline != null) {
    settings.pipeline = pipelineText(value.pipeline);
    const ran = await stores.filterTrials
      .dryRun(filter, settings.pipeline as string, check.signal)
      .catch((error) => {
        if (!(error instanceof QueryError)) throw error;
        throw new QueryError(wording.invalidPipeline(name, error.message));
      });
    if (!ran) {
      throw new QueryError(
        `Cannot test ${name} pipeline: no documents in ${filter.catalog} collection`,
      );
    }
  }
  return { settings, order: allocation };
}

/** Whether a passing alert is saved at all. */
export function isAutosaved(autosave: unknown): boolean {
  return typeof autosave === "object" && autosave !== null
    ? (autosave as Document).active === true
    : autosave === true;
}

function toOrder(value: unknown): "asc" | "desc" | undefined {
  if (value === undefined || value === null) return undefined;
  if (value === "asc" || value === "desc") return value;
  throw new QueryError(`Invalid priority_order specified for auto_followup: ${shortText(value)}`);
}

/** Clients send a number, or the text of one: both are the same allocation. */
function toAllocationId(name: SettingsName, value: unknown, wording: Wording): FilterId {
  const text = String(plainNumbers(value)).trim();
  if (/^[0-9]{1,15}$/.test(text)) return toInteger(BigInt(text));
  throw new QueryError(
    wording.invalidValue(
      name,
      `allocation_id must be an integer: current value is ${shortText(value)}`,
    ),
  );
}
