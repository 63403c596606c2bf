/**
 * What stands in front of every read of a principal: whose rows of a survey's alerts they may see,
 * which points of its light curves, whose labels, and which collections not at all.
 *
 * An object's document (`*_aux`) holds points of several programids. Who may not see all of them sees
 * the document with the points they may see; where it has points and none is theirs, not at all. The
 * object's id and its matches in (public) catalogs stay as they are.
 */
import type { Document } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { type Principal, QueryError } from "../contract/query.ts";
import { SKYMAPS } from "../contract/skymaps.ts";
import { checkPipeline } from "./allowed.ts";
import { BARRIER, isWithin, plainPart, usesExpressions } from "./barrier.ts";
import { collectionsOf, type Views } from "./known_views.ts";
import { USERS } from "./users.ts";

/** A survey's part of the rules; a `SurveyDef` has it. */
export interface GuardedSurvey {
  readonly collections: {
    readonly alerts: string;
    readonly aux: string;
    readonly classifications?: string;
  };
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
  /** Of a view: the collection that is read in its place. */
  readonly base?: string;
}

const OPEN: Guard = { match: null, reshape: [], hidden: [] };
/** The lists of an object's document whose items have a `programid` each. */
const POINT_LISTS = ["prv_candidates", "fp_hists"];
/** The driver takes any name, the server most; what starts like this is the server's own. */
const SYSTEM_NAME = /^system\.|[\0$]/;
const NAME_LENGTH_MAX = 120;
/** Alerts of any survey, also of one that isn't served any more, and what belongs to them. */
const ALERTS_NAME = /_alerts(_|$)/;

export class Guards {
  readonly #rules: AccessRules;
  readonly #principal: Principal;
  readonly #guards: ReadonlyMap<string, Guard>;
  readonly #views: Views;

  /** `views` are those of the database; where none are told, names are taken for collections'. */
  constructor(rules: AccessRules, principal: Principal, views: Views = new Map()) {
    this.#rules = rules;
    this.#principal = principal;
    this.#guards = guardsFor(rules, principal);
    this.#views = views;
  }

  /** The same, where the database has these views. */
  behind(views: Views): Guards {
    return views.size === 0 ? this : new Guards(this.#rules, this.#principal, views);
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

  /** Whether it is a catalog that surveys, skymaps and accounts can do without. */
  isDroppable(collection: string): boolean {
    const { surveys, protectedCollections } = this.#rules;
    const kept = surveys.flatMap(({ collections }) => Object.values(collections));
    return isName(collection) && !protectedCollections.has(collection) &&
      ![...kept, SKYMAPS].includes(collection) && !ALERTS_NAME.test(collection);
  }

  /** Whether the principal may read it, and all that it is made of. */
  isReadable(collection: string): boolean {
    try {
      this.#of(this.open(collection));
      return true;
    } catch (error) {
      if (error instanceof QueryError) return false;
      throw error;
    }
  }

  /** The collection to read: a view's guards reach behind it, so its stages are ours to run. */
  baseOf(collection: string): string {
    return this.#of(collection).base ?? collection;
  }

  /** Whether rows, or parts of them, are hidden. */
  hides(collection: string): boolean {
    const { match, reshape } = this.#of(collection);
    return match !== null || reshape.length > 0;
  }

  /** Whether a plain `find` with this filter won't do. */
  needsStages(collection: string, filter: Document): boolean {
    const { match, reshape } = this.#of(collection);
    return reshape.length > 0 || (match !== null && usesExpressions(filter));
  }

  filter(collection: string, filter: Document): Document {
    const { match } = this.#of(collection);
    return match === null ? filter : { $and: [match, filter] };
  }

  /** Stages that give what the principal may see and the filter asks for. */
  select(collection: string, filter: Document): Document[] {
    return [...this.#front(collection, filter), { $match: filter }];
  }

  /** The principal's pipeline behind the guards of all collections that it reads. */
  pipeline(collection: string, pipeline: readonly Document[]): Document[] {
    const [first, ...rest] = pipeline;
    const stages = pipeline.map((stage) => this.#stage(stage));
    if (first?.$geoNear !== undefined) {
      return [this.#geoNear(collection, first), ...stages.slice(1)];
    }
    const filter = isPlainObject(first?.$match) ? first.$match : {};
    return [...this.#front(collection, filter, rest), ...stages];
  }

  /** What comes before the filter, and the stages behind that. */
  #front(collection: string, filter: Document, rest: readonly Document[] = []): Document[] {
    const { match, reshape, hidden, base } = this.#of(collection);
    const isSafe = !usesExpressions(filter) && !usesExpressions(rest);
    if (base !== undefined) return isSafe ? [...reshape] : [...reshape, BARRIER];
    if (match === null) return [...reshape];
    if (isSafe) return [{ $match: match }, ...reshape];
    return [{ $match: { $and: [match, ...plainPart(filter, hidden)] } }, BARRIER, ...reshape];
  }

  /** It has to be the first of all, and takes a filter of its own. */
  #geoNear(collection: string, { $geoNear: geoNear }: Document): Document {
    const { match, reshape } = this.#of(collection);
    const query = isPlainObject(geoNear) ? asObject(geoNear.query ?? {}) : {};
    const isOpenTo = match !== null && usesExpressions(query);
    if (reshape.length > 0 || !isPlainObject(geoNear) || isOpenTo) {
      throw new QueryError(`Cannot run $geoNear on ${collection} for this user`);
    }
    return { $geoNear: { ...geoNear, query: this.filter(collection, query) } };
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
    const from = this.#joined(lookup);
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
    const from = this.#joined(graph);
    const { match, reshape } = this.#of(from);
    const asked = asObject(graph.restrictSearchWithMatch ?? {});
    if (reshape.length > 0 || (match !== null && usesExpressions(asked))) {
      throw new QueryError(`Cannot run $graphLookup on ${from} for this user`);
    }
    return match === null ? graph : { ...graph, restrictSearchWithMatch: { $and: [match, asked] } };
  }

  /** A join looks at a view's own fields, which aren't those of what it is made of. */
  #joined({ from }: Document): string {
    const name = this.open(asName(from));
    if (this.#of(name).base === undefined) return name;
    throw new QueryError(`Cannot join with the view ${name} for this user`);
  }

  #of(collection: string): Guard {
    return this.#views.has(collection)
      ? this.#ofView(collection)
      : this.#guards.get(collection) ?? OPEN;
  }

  /** The guards of all that it is made of, and behind these its own stages; none where there are none. */
  #ofView(name: string): Guard {
    const { base, pipeline, read } = this.#madeOf(name);
    if (!read.every((each) => this.isVisible(each))) {
      throw new QueryError("ValidationError: Protected collection");
    }
    if (!read.some((each) => this.#guards.has(each))) return OPEN;
    try {
      // What isn't known can't be guarded.
      checkPipeline(pipeline);
      return { match: null, reshape: this.pipeline(base, pipeline), hidden: [], base };
    } catch (error) {
      if (!(error instanceof QueryError)) throw error;
      throw new QueryError(`Cannot read the view ${name} for this user`, { cause: error });
    }
  }

  /** The collection below all views, their stages, and all collections that these read. */
  #madeOf(name: string): { base: string; pipeline: Document[]; read: string[] } {
    const view = this.#views.get(name);
    if (view === undefined) return { base: name, pipeline: [], read: [name] };
    const below = this.#madeOf(view.on);
    const joined = collectionsOf(view.pipeline).flatMap((each) => {
      const { base, read } = this.#madeOf(each);
      return base === each ? read : [...read, each];
    });
    return {
      base: below.base,
      pipeline: [...below.pipeline, ...view.pipeline],
      read: [...below.read, ...joined],
    };
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
    if (collections.classifications === undefined) continue;
    // Each has the programid of its alert; those from before, without one, are for who sees all.
    const labelled = { programid: { $in: [...programIds] } };
    guards.set(collections.classifications, { match: labelled, reshape: [], hidden: [] });
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
