/** What became of a filter of another broker: our pipeline, and all that isn't as it was. */
import type { Document } from "../../contract/document.ts";

/** Something that has no counterpart here. */
export interface Untranslated {
  /** Where it stands in the filter that is imported. */
  readonly place: string;
  readonly what: string;
  readonly why: string;
}

export interface Renamed {
  readonly from: string;
  readonly to: string;
}

export interface ImportedVersion {
  /** Its name there. */
  readonly version?: string;
  readonly isActive: boolean;
  /** What could be translated; null: nothing of it. */
  readonly pipeline: readonly Document[] | null;
  readonly renamed: readonly Renamed[];
  /** Fields that we don't store and that the pipeline computes first. */
  readonly computed: readonly string[];
  readonly untranslated: readonly Untranslated[];
  /** What is nearly the same, or is left out as it has no meaning here. */
  readonly notes: readonly string[];
}

export interface ImportedFilter {
  readonly from: "boom" | "lasair";
  readonly name: string;
  /** A collection of alerts; null: of a survey that we don't have. */
  readonly catalog: string | null;
  readonly permissions: readonly number[];
  /** Oldest first. */
  readonly versions: readonly ImportedVersion[];
  /** Of the filter as a whole. */
  readonly untranslated: readonly Untranslated[];
  readonly notes: readonly string[];
}

/** Whether all of the version that is active is there. */
export function isWhole({ catalog, versions, untranslated }: ImportedFilter): boolean {
  const active = versions.find(({ isActive }) => isActive);
  return catalog !== null && untranslated.length === 0 && active !== undefined &&
    active.pipeline !== null && active.untranslated.length === 0;
}

/** For people: a filter, its versions, and what isn't as it was. */
export function importText(filter: ImportedFilter): string {
  const { name, from, catalog, permissions, versions } = filter;
  const where = catalog === null ? "no survey of ours" : catalog;
  return [
    `${name}, from ${from}: ${where}, programids ${permissions.join(", ") || "none"}`,
    ...filter.untranslated.map(lineOf),
    ...filter.notes.map((note) => `  note: ${note}`),
    ...versions.flatMap(versionLines),
  ].join("\n");
}

function versionLines(version: ImportedVersion): string[] {
  const { isActive, pipeline, renamed, computed, untranslated, notes } = version;
  const active = isActive ? ", active" : "";
  const state = pipeline === null
    ? "can't be translated"
    : untranslated.length === 0
    ? `${pipeline.length} stages`
    : `${pipeline.length} stages, without what can't be translated`;
  return [
    `  version ${version.version ?? 1}${active}: ${state}`,
    ...renamed.map(({ from, to }) => `    renamed: ${from} is ${to}`),
    ...computed.map((field) => `    computed first: ${field}`),
    ...untranslated.map((each) => `  ${lineOf(each)}`),
    ...notes.map((note) => `    note: ${note}`),
  ];
}

function lineOf({ place, what, why }: Untranslated): string {
  return `  not translated: ${place}: ${what}: ${why}`;
}
