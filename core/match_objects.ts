/**
 * Matches objects to catalogs, once: at the position of their first alert. A catalog that could not be
 * asked then is named in the object's document, and asked again with the object's next alert.
 */
import type { Db } from "mongodb";
import type { CellCatalogs } from "./archive/cells.ts";
import { crossmatch } from "./archive/crossmatch.ts";
import type { CatalogMatch } from "./contract/crossmatch.ts";
import type { Document } from "./contract/document.ts";
import type { ObjectChange } from "./pipeline/objects.ts";

/** The catalogs that an object was not matched to, since they failed. */
const FAILED = "cross_matches_failed";

export interface MatchDeps {
  readonly db: Db;
  readonly catalogs: readonly CatalogMatch[];
  readonly cells: CellCatalogs;
}

/** Fills in `cross_matches` of what the objects are after the batch. */
export async function matchObjects(
  deps: MatchDeps,
  objects: readonly ObjectChange[],
): Promise<{ matched: number; failures: Record<string, number> }> {
  const fresh = await matchNew(deps, objects.filter(({ before }) => before === undefined));
  const late = objects.filter(({ before }) => failedOf(before).length > 0);
  if (late.length > 0) await matchAgain(deps, late);
  return fresh;
}

async function matchNew(
  { db, catalogs, cells }: MatchDeps,
  objects: readonly ObjectChange[],
): Promise<{ matched: number; failures: Record<string, number> }> {
  const { matches, failures } = await crossmatch(db, catalogs, positionsOf(objects), cells);
  const failed = Object.keys(failures);
  objects.forEach(({ after }, i) => {
    // Into the one object that all states of the batch share.
    Object.assign(after.cross_matches as Document, matches[i]);
    if (failed.length > 0) after[FAILED] = failed;
  });
  const hasMatch = (document: Document) =>
    Object.values(document).some((list) => (list as unknown[]).length > 0);
  return {
    matched: matches.filter(hasMatch).length,
    failures: Object.fromEntries(failed.map((name) => [name, objects.length])),
  };
}

async function matchAgain(
  { db, catalogs, cells }: MatchDeps,
  objects: readonly ObjectChange[],
): Promise<void> {
  const names = new Set(objects.flatMap(({ before }) => failedOf(before)));
  const asked = catalogs.filter(({ catalog }) => names.has(catalog));
  const { matches, failures } = await crossmatch(db, asked, positionsOf(objects), cells);
  objects.forEach(({ before, after }, i) => {
    const own = failedOf(before);
    const old = before!.cross_matches as Document;
    const isFound = (name: string) => own.includes(name) && !(name in failures);
    after.cross_matches = Object.fromEntries(
      Object.keys(old).map((name) => [name, isFound(name) ? matches[i]![name] ?? [] : old[name]]),
    );
    const left = own.filter((name) => name in failures);
    if (left.length > 0) after[FAILED] = left;
    else delete after[FAILED];
  });
}

function positionsOf(objects: readonly ObjectChange[]) {
  return objects.map(({ first }) => first);
}

function failedOf(before: Document | undefined): string[] {
  return (before?.[FAILED] ?? []) as string[];
}
