/**
 * What stands in front of every read of a principal: whose rows of a survey's alerts they may see,
 * which points of its light curves, and which collections not at all.
 *
 * An object's document (`*_aux`) holds points of several programids. Who may not see all of them sees
 * the document with the points they may see; where it has points and none is theirs, not at all. The
 * object's id and its matches in (public) catalogs stay as they are.
 */
import type { Document } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { type Principal, QueryError } from "../contract/query.ts";
import { USERS } from "./users.ts";

/** A survey's part of the rules; a `SurveyDef` has it. */
export interface GuardedSurvey {
  readonly collections: { readonly alerts: string; readonly aux: string };
  rowAccess(programIds: readonly number[]): Document;
}

export interface AccessRules {
  readonly surveys: readonly GuardedSurvey[];
  /** For the admin only: users, filters, what the system keeps for itself. */
  readonly protectedCollections: ReadonlySet<string>;
  /** Who may see all of these may see every row. */
  readonly allProgramIds: readonly number[];
}

/** In front of a read of one collection. */
interface Guard {
  /** Which documents; null: all. */
  readonly match: Document | null;
  /** Stages that take out of a document what isn't for these eyes, and the fields they touch. */
  readonly reshape: readonly Document[];
  readonly hidden: readonly string[];
}

const OPEN: Guard = { match: null, reshape: [], hidden: [] };
/** The lists of an object's document whose items have a `programid` each. */
const POINT_LISTS = ["prv_candidates", "fp_hists"];
/** The driver takes any name, the server most; what starts like this is the server's own. */
const SYSTEM_NAME = /^system\.|[\0$]/;
const NAME_LENGTH_MAX = 120;

export class Guards {
  readonly #rules: AccessRules;
  readonly #principal: Principal;
  readonly #guards: ReadonlyMap<string, Guard>;

  constructor(rules: AccessRules, principal: Principal) {
    this.#rules = rules;
    this.#principal = principal;
    this.#guards = guardsFor(rules, principal);
  }

  /** Whether the principal may name this collection at all. */
  isVisible(collection: string): boolean {
    return isName(collection) &&
      (this.#principal.admin || !this.#rules.protectedCollections.has(collection));
  }

  /** The name, where the principal may ask it. Throws `QueryError`. */
  open(collection: string): string {
    if (!isName(collection)) {
      throw new QueryError("Cannot read a collection of this name: it isn't a catalog's");
    }
    if (!this.isVisible(collection)) {
      throw new QueryError("ValidationError: Protected collection");
    }
    return collection;
  }

  /** Whether documents must be reshaped, so that a plain `find` won't do. */
  reshapes(collection: string): boolean {
    return this.#of(collection).reshape.length > 0;
  }

  filter(collection: string, filter: Document): Document {
    const { match } = this.#of(collection);
    return match === null ? filter : { $and: [match, filter] };
  }

  /** The stages that come before those of the principal. */
  stages(collection: string): Document[] {
    const { match, reshape } = this.#of(collection);
    return [...match === null ? [] : [{ $match: match }], ...reshape];
  }

  /** The principal's pipeline behind the guards of all collections that it reads. */
  pipeline(collection: string, pipeline: readonly Document[]): Document[] {
    const [first, ...rest] = pipeline;
    if (first?.$geoNear === undefined) {
      return [...this.stages(collection), ...pipeline.map((stage) => this.#stage(stage))];
    }
    // It has to be the first of all, and takes a filter of its own.
    const geoNear = first.$geoNear;
    if (this.reshapes(collection) || !isPlainObject(geoNear)) {
      throw new QueryError(`Cannot run $geoNear on ${collection} for this user`);
    }
    return [
      { $geoNear: { ...geoNear, query: this.filter(collection, asObject(geoNear.query ?? {})) } },
      ...rest.map((stage) => this.#stage(stage)),
    ];
  }

  #stage(stage: Document): Document {
    if (isPlainObject(stage.$lookup)) return { $lookup: this.#lookup(stage.$lookup) };
    if (isPlainObject(stage.$graphLookup)) return { $graphLookup: this.#graph(stage.$graphLookup) };
    if (isPlainObject(stage.$facet)) {
      const facets = Object.entries(stage.$facet).map(([name, pipeline]) => [
        name,
        (pipeline as Document[]).map((inner) => this.#stage(inner)),
      ]);
      return { $facet: Object.fromEntries(facets) };
    }
    return stage;
  }

  #lookup(lookup: Document): Document {
    // Without `from` it would read `$documents`, which may not pass.
    const from = this.open(asName(lookup.from));
    const { hidden } = this.#of(from);
    if (hidden.some((field) => isWithin(lookup.foreignField, field))) {
      throw new QueryError(`Cannot join on ${lookup.foreignField} of ${from} for this user`);
    }
    const inner = (lookup.pipeline ?? []) as Document[];
    const pipeline = this.pipeline(from, inner);
    return pipeline.length === 0 && lookup.pipeline === undefined
      ? lookup
      : { ...lookup, pipeline };
  }

  #graph(graph: Document): Document {
    const from = this.open(asName(graph.from));
    if (this.reshapes(from)) {
      throw new QueryError(`Cannot run $graphLookup on ${from} for this user`);
    }
    const { match } = this.#of(from);
    if (match === null) return graph;
    const asked = asObject(graph.restrictSearchWithMatch ?? {});
    return { ...graph, restrictSearchWithMatch: { $and: [match, asked] } };
  }

  #of(collection: string): Guard {
    return this.#guards.get(collection) ?? OPEN;
  }
}

function guardsFor(rules: AccessRules, { admin, programIds }: Principal): Map<string, Guard> {
  // What the admin may read of users, nobody may: the hash of a password is for the log-in alone.
  const users: Guard = { match: null, reshape: [{ $unset: "password" }], hidden: ["password"] };
  const guards = new Map<string, Guard>([[USERS, users]]);
  const seesAll = admin || rules.allProgramIds.every((id) => programIds.includes(id));
  if (seesAll) return guards;
  for (const { collections, rowAccess } of rules.surveys) {
    const match = rowAccess(programIds);
    if (Object.keys(match).length === 0) continue; // A survey without programids.
    guards.set(collections.alerts, { match, reshape: [], hidden: [] });
    guards.set(collections.aux, pointsOf(programIds));
  }
  return guards;
}

function pointsOf(programIds: readonly number[]): Guard {
  const shown = (list: string) => ({
    $cond: [
      { $isArray: `$${list}` },
      {
        $filter: {
          input: `$${list}`,
          as: "point",
          cond: { $in: ["$$point.programid", [...programIds]] },
        },
      },
      "$$REMOVE",
    ],
  });
  const visible = POINT_LISTS.map((list) => ({ [`${list}.programid`]: { $in: [...programIds] } }));
  const empty = POINT_LISTS.map((list) => ({ [`${list}.programid`]: { $exists: false } }));
  return {
    match: { $or: [...visible, { $and: empty }] },
    reshape: [{ $set: Object.fromEntries(POINT_LISTS.map((list) => [list, shown(list)])) }],
    hidden: POINT_LISTS,
  };
}

function isName(collection: string): boolean {
  return collection.length > 0 && collection.length <= NAME_LENGTH_MAX &&
    !SYSTEM_NAME.test(collection);
}

function isWithin(path: unknown, field: string): boolean {
  return path === field || (typeof path === "string" && path.startsWith(`${field}.`));
}

/** `from` may also be `{ db, coll }`, which leads out of the archive. */
function asName(value: unknown): string {
  if (typeof value !== "string") {
    throw new QueryError("Cannot run the stage as its collection must be given by its name");
  }
  return value;
}

function asObject(value: unknown): Document {
  if (!isPlainObject(value)) {
    throw new QueryError("Cannot run the query as a filter must be an object");
  }
  return value;
}
