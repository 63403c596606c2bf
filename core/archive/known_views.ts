/**
 * The database's views: a view reads another collection, so who reads a view reads that. Known without
 * asking each time, since queries come more often than views.
 */
import type { Db } from "mongodb";
import type { Document } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { told } from "./cursor_batches.ts";

export interface ViewDef {
  /** The collection, or view, that it is of. */
  readonly on: string;
  readonly pipeline: readonly Document[];
}

export type Views = ReadonlyMap<string, ViewDef>;

/** A collection that is dropped and comes again as a view, by an operator's hand, is known so late. */
const AGE_MS_MAX = 10_000;

interface Listing {
  readonly names: ReadonlySet<string>;
  readonly views: Views;
  readonly atMs: number;
}

const ofDatabases = new WeakMap<Db, KnownViews>();

export class KnownViews {
  readonly #db: Db;
  #listing: Listing | undefined;
  #reading: Promise<Listing> | undefined;

  private constructor(db: Db) {
    this.#db = db;
  }

  static of(db: Db): KnownViews {
    const known = ofDatabases.get(db) ?? new KnownViews(db);
    ofDatabases.set(db, known);
    return known;
  }

  /** Those that there are, asked anew where one of the names isn't known yet, or after a while. */
  async including(names: readonly string[]): Promise<Views> {
    const known = this.#listing;
    const isFresh = known !== undefined && performance.now() - known.atMs < AGE_MS_MAX &&
      names.every((name) => known.names.has(name));
    return (isFresh ? known : await this.list()).views;
  }

  /** Asks now; who asks at once shares the answer. */
  list(): Promise<Listing> {
    return this.#reading ??= this.#list().finally(() => this.#reading = undefined);
  }

  async #list(): Promise<Listing> {
    const atMs = performance.now();
    const all = await told(() => this.#db.listCollections().toArray());
    const views = all.flatMap((each) => {
      const { viewOn, pipeline } = "options" in each ? each.options ?? {} : {};
      return viewOn === undefined
        ? []
        : [[each.name, { on: viewOn, pipeline: pipeline ?? [] }] as const];
    });
    const names = new Set(all.map(({ name }) => name));
    return this.#listing = { names, views: new Map(views), atMs };
  }
}

/** All collections that a pipeline names, in whatever depth. */
export function collectionsOf(pipeline: unknown): string[] {
  if (Array.isArray(pipeline)) return pipeline.flatMap(collectionsOf);
  if (!isPlainObject(pipeline)) return [];
  return Object.entries(pipeline).flatMap(([key, value]) => {
    const names = NAMING.has(key) ? namesIn(value) : [];
    return [...names, ...collectionsOf(value)];
  });
}

/** Stages that read a collection besides their own. */
const NAMING = new Set(["$lookup", "$graphLookup", "$unionWith"]);

function namesIn(stage: unknown): string[] {
  if (typeof stage === "string") return [stage];
  if (!isPlainObject(stage)) return [];
  return [stage.from, stage.coll].filter((name) => typeof name === "string");
}
