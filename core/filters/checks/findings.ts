/** Collects what is odd about a filter, each with its place, and which fields it reads. */
import { nearest } from "../../base/nearest.ts";
import type { Finding } from "../../contract/filters.ts";
import { type Place, placeText } from "../query_tree.ts";
import { lookUp, pathsOf, type Shape, type Unknown } from "./shape.ts";

/** More than anybody reads. */
const FINDINGS_MAX = 50;

export interface UnknownField {
  readonly stage: number;
  readonly place: Place;
  readonly name: string;
}

export class Findings {
  readonly list: Finding[] = [];
  /** Paths that lead to nothing, as far as they are told. */
  readonly unknown: UnknownField[] = [];
  readonly reads = new Set<string>();
  /** Something sees the whole alert. */
  readsAll = false;
  /** The documents before each stage so far: the first is the alert. */
  readonly shapes: Shape[] = [];

  add(level: Finding["level"], stage: number, place: Place, message: string): void {
    if (this.#isFull) return;
    const finding = { level, place: placeText(stage, place), message };
    const isKnown = this.list.some((known) =>
      known.place === finding.place && known.message === message
    );
    if (!isKnown) this.list.push(finding);
  }

  get #isFull(): boolean {
    return this.list.length >= FINDINGS_MAX;
  }

  /** What a path of a stage's documents leads to; undefined where it is unknown, which is told. */
  at(
    root: Shape,
    path: readonly string[],
    as: "query" | "expression",
    { stage, place }: { stage: number; place: Place },
  ): { readonly shape: Shape; readonly many: boolean } | undefined {
    const found = lookUp(root, path, as);
    if ("shape" in found) {
      if (found.shape.origin !== undefined) this.reads.add(found.shape.origin);
      return found;
    }
    const isDocument = root === this.shapes.at(-1);
    if (!this.#isFull) {
      this.add("warning", stage, place, this.#unknown(root, path, found, isDocument));
      this.unknown.push({ stage, place, name: path.join(".") });
    }
    return undefined;
  }

  #unknown(
    root: Shape,
    path: readonly string[],
    found: Unknown,
    isDocument: boolean,
  ): string {
    const name = path.join(".").slice(0, NAME_LENGTH_MAX);
    const parent = found.parent.join(".");
    if (isDocument) {
      // The stages whose documents had it still.
      const last = this.shapes.findLastIndex((shape) => "shape" in lookUp(shape, path, "query"));
      if (last >= 0) return `there is no field ${name} any more: stage ${last + 1} leaves it out`;
    }
    if (found.among.length === 0 && parent !== "") {
      return `there is no field ${name}, as ${parent} has no fields`;
    }
    if (INDEX.test(found.unknown)) {
      return `there is no field ${name}: an expression takes an item of an array by $arrayElemAt`;
    }
    const meant = nearestPath(path.join("."), found, pathsOf(root));
    return `there is no field ${name}${meant === undefined ? "" : `: did you mean ${meant}?`}`;
  }
}

const INDEX = /^\d+$/;
/** Shorter names are all near to each other, longer ones are no names. */
const NAME_LENGTH_MIN = 4;
const NAME_LENGTH_MAX = 100;

/** The same name elsewhere, or a name beside it that is written nearly so. */
function nearestPath(
  path: string,
  { unknown, parent, among }: Unknown,
  paths: readonly string[],
): string | undefined {
  if (path.length > NAME_LENGTH_MAX) return undefined;
  const near = (name: string, names: readonly string[]) =>
    name.length < NAME_LENGTH_MIN ? undefined : nearest(name, names);
  const beside = near(unknown, among);
  const isSlip = beside !== undefined && beside.length === unknown.length;
  const last = path.slice(path.lastIndexOf(".") + 1);
  const elsewhere = paths.find((known) => known === last || known.endsWith(`.${last}`));
  if (!isSlip && elsewhere !== undefined) return elsewhere;
  if (beside !== undefined) return [...parent, beside].join(".");
  return near(path, paths);
}
