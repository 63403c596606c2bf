/** Selections of Lasair as filters: its SQL on objects of ZTF, as a pipeline on our alerts. */
import type { Document } from "../../contract/document.ts";
import type { FilterSchema } from "../../contract/filter_fields.ts";
import { DETECTIONS, LIGHT_CURVES, objectColumn } from "./lasair_columns.ts";
import type { ImportedFilter, Untranslated } from "./report.ts";
import {
  parseParts,
  parseSelection,
  type Selected,
  type Selection,
  type Sql,
} from "./sql_parser.ts";
import { NoCounterpart, type Resolved, toExpression, toQuery } from "./sql_pipeline.ts";
import { SqlError } from "./sql_tokens.ts";

/** A filter as it is typed: whole, or in the parts of Lasair's form. */
export type LasairFilter =
  | { readonly name: string; readonly sql: string }
  | {
    readonly name: string;
    readonly selected: string;
    readonly tables: string;
    readonly conditions: string;
  };

/** They come out in any case. */
const IDS = ["objectid", "candid"];
/** What Lasair shows everybody. */
const PUBLIC = [1];

export function importLasair(filter: LasairFilter, schema: FilterSchema): ImportedFilter {
  const known = {
    from: "lasair" as const,
    name: filter.name,
    catalog: schema.catalog,
    permissions: PUBLIC,
    untranslated: [],
    notes: [],
  };
  const version = { isActive: true, renamed: [] };
  try {
    const selection = "sql" in filter ? parseSelection(filter.sql) : parseParts(filter);
    return { ...known, versions: [{ ...version, ...new Translation(selection, schema).result() }] };
  } catch (error) {
    if (!(error instanceof SqlError)) throw error;
    const why = { place: "the SQL", what: "all of it", why: error.message };
    const nothing = { pipeline: null, computed: [], untranslated: [why], notes: [] };
    return { ...known, versions: [{ ...version, ...nothing }] };
  }
}

/** Why a table's rows aren't here. */
const TABLES: Readonly<Record<string, string>> = {
  sherlock_classifications: "alerts aren't classified by Sherlock here; see cross_matches",
  crossmatch_tns: "there is no copy of the TNS in what filters see",
  watchlist: "there are no watchlists in what filters see",
  watchlist_hits: "there are no watchlists in what filters see",
  area: "there are no watchmaps in what filters see",
  area_hits: "there are no watchmaps in what filters see",
  annotator: "there are no annotations in what filters see",
  annotations: "there are no annotations in what filters see",
};

class Translation {
  readonly #selection: Selection;
  readonly #schema: FilterSchema;
  /** Computed columns by name, in the order in which they are first asked for. */
  readonly #computed = new Map<string, unknown>();
  readonly #untranslated: Untranslated[] = [];
  readonly #notes = new Set<string>();

  constructor(selection: Selection, schema: FilterSchema) {
    this.#selection = selection;
    this.#schema = schema;
  }

  result() {
    const pipeline = this.#pipeline();
    const { rest } = this.#selection;
    if (/\bHAVING\b/i.test(rest)) {
      const why = "a filter sees one alert at a time, and no groups";
      this.#untranslated.push({ place: "HAVING", what: rest, why });
    } else if (rest !== "") {
      this.#notes.add(`left out, as a filter sees one alert at a time: ${rest}`);
    }
    if (JSON.stringify(pipeline).includes("$$NOW")) {
      this.#notes.add("JDNOW() is when the filter runs: for alerts of the archive, that is late");
    }
    if (this.#computed.size > 0) {
      this.#notes.add("a value of 0 is 0 here; Lasair stores NULL for it");
    }
    return {
      pipeline,
      computed: [...this.#computed.keys()].map((name) => `objects.${name}`),
      untranslated: this.#untranslated,
      notes: [...this.#notes],
    };
  }

  #pipeline(): Document[] {
    this.#checkTables();
    const direct: Document[] = [];
    const computed: Document[] = [];
    for (const condition of conjuncts(this.#selection.where)) {
      if (isJoin(condition)) continue;
      const before = this.#computed.size;
      const query = this.#translated("WHERE", () => toQuery(condition, this.#resolve));
      if (query === undefined) continue;
      const isDirect = before === this.#computed.size &&
        !JSON.stringify(query).includes("objects.");
      (isDirect ? direct : computed).push(query);
    }
    const asked = [...this.#computed.keys()];
    const fields = this.#fields();
    const shown = [...this.#computed.keys()].slice(asked.length);
    const columns = [this.#columnsOf(asked), this.#columnsOf(shown)];
    const [forMatch, forProject] = columns.map((stages, i) =>
      // The light curves once, before what is computed of them first.
      needsCurves(stages) && !(i === 1 && needsCurves(columns[0]!))
        ? [...LIGHT_CURVES, ...stages]
        : stages
    );
    return [
      ...matchOf(direct),
      ...forMatch!,
      ...matchOf(computed),
      ...forProject!,
      { $project: { candid: 1, objectId: 1, ...fields } },
    ];
  }

  #columnsOf(names: readonly string[]): Document[] {
    if (names.length === 0) return [];
    const fields = names.map((name) => [`objects.${name}`, this.#computed.get(name)]);
    return [{ $addFields: Object.fromEntries(fields) }];
  }

  /** A path of the document, by which a column is known in conditions and computations. */
  readonly #resolve = (table: string | undefined, name: string): Resolved => {
    const full = table === undefined ? name : `${table}.${name}`;
    if (table === "candidates") return this.#field(this.#candidate(name, full));
    if (table !== undefined && table !== "objects") {
      throw new NoCounterpart(full, TABLES[table] ?? `there is no table ${table} here`);
    }
    const column = objectColumn(name);
    if (column === undefined) throw new NoCounterpart(full, "there is no such column here");
    if (column.note !== undefined) this.#notes.add(`${full} is ${column.note}`);
    if ("path" in column) return this.#field(column.path);
    const key = name.toLowerCase();
    this.#computed.set(key, column.expression);
    return { path: `objects.${key}`, isText: column.isText === true };
  };

  #field(path: string): Resolved {
    const field = this.#schema.fields.find((each) => each.path === path);
    return { path, isText: field?.type === "string" };
  }

  /** A detection's own field: of this one, where Lasair may have meant any. */
  #candidate(name: string, full: string): string {
    const path = `candidate.${name.toLowerCase()}`;
    if (!this.#schema.fields.some((field) => field.path === path)) {
      throw new NoCounterpart(full, "there is no such field here");
    }
    this.#notes.add(`${full} is that of the alert itself`);
    return path;
  }

  /** Its rows restrict what is selected, whether or not a column is named. */
  #checkTables(): void {
    for (const table of this.#selection.tables) {
      const [kind] = table.split(":") as [string];
      if (["objects", "candidates", "sherlock_classifications"].includes(kind)) continue;
      const why = TABLES[kind] ?? `there is no table ${kind} here`;
      this.#untranslated.push({ place: "FROM", what: table, why });
    }
  }

  #fields(): Document {
    const fields: Document = {};
    for (const selected of this.#selection.selected) {
      const { expression } = selected;
      if (expression.kind === "column" && expression.name === "*") {
        this.#notes.add("SELECT * gives candid and objectId: name the columns that you want");
        continue;
      }
      if (expression.kind === "column" && IDS.includes(expression.name.toLowerCase())) continue;
      const value = this.#translated("SELECT", () => toExpression(expression, this.#resolve));
      if (value !== undefined) fields[nameOf(selected, fields)] = shownAs(value);
    }
    return fields;
  }

  #translated<T>(place: string, translate: () => T): T | undefined {
    const before = [...this.#computed.keys()];
    try {
      return translate();
    } catch (error) {
      if (!(error instanceof NoCounterpart)) throw error;
      for (const name of [...this.#computed.keys()].slice(before.length)) {
        this.#computed.delete(name);
      }
      this.#untranslated.push({ place, what: error.what, why: error.why });
      return undefined;
    }
  }
}

function conjuncts(where: Sql | undefined): readonly Sql[] {
  if (where === undefined) return [];
  return where.kind === "and" ? where.operands.flatMap(conjuncts) : [where];
}

/** `objects.objectId = other.objectId`: here everything is one document. */
function isJoin(sql: Sql): boolean {
  if (sql.kind !== "comparison" || sql.sign !== "=") return false;
  const { left, right } = sql;
  return left.kind === "column" && right.kind === "column" && left.table !== right.table &&
    left.name.toLowerCase() === "objectid" && right.name.toLowerCase() === "objectid";
}

function needsCurves(stages: readonly Document[]): boolean {
  return JSON.stringify(stages).includes(`$${DETECTIONS}`);
}

function matchOf(queries: readonly Document[]): Document[] {
  if (queries.length === 0) return [];
  return [{ $match: queries.length === 1 ? queries[0] : { $and: queries } }];
}

/** A number by itself would keep a field, and not be its value. */
function shownAs(value: unknown): unknown {
  return typeof value === "number" ? { $literal: value } : value;
}

function nameOf({ as, expression, text }: Selected, taken: Document): string {
  const written = as ?? (expression.kind === "column" ? expression.name : text);
  const name = written.replace(/^\$+/, "").replace(/[.\0]/g, "_").trim() || "value";
  let free = name;
  // What says whose a pass is can't be anything else.
  const isTaken = () => free in taken || [...IDS, "_id"].includes(free.toLowerCase());
  for (let n = 2; isTaken(); n++) free = `${name}_${n}`;
  return free;
}
