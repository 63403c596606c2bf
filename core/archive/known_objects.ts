/** What others know of objects: the Transient Name Server, and people who have labelled their alerts. */
import type { Db } from "mongodb";
import { julianDate } from "../astro/julian_date.ts";
import { CatalogMatch } from "../contract/crossmatch.ts";
import { type Document, toNumber } from "../contract/document.ts";
import type { SurveyDef } from "../contract/survey.ts";
import type { ReplayedObject } from "../filters/replays/object_report.ts";
import { readDocuments } from "./bson_read.ts";
import { CellCatalogs } from "./cells.ts";
import { crossmatch, type Position } from "./crossmatch.ts";
import { told } from "./cursor_batches.ts";

export type Known = Pick<ReplayedObject, "tns" | "label">;

/** An object by its id as text. */
export type Objects = ReadonlyMap<string, {
  readonly objectId: unknown;
  readonly position: Position | undefined;
}>;

const TNS = "TNS";
/** SkyPortal takes an object for the same up to here. */
const TNS_MATCH = CatalogMatch.parse({
  catalog: TNS,
  cone_search_radius: 2,
  cone_search_unit: "arcsec",
  projection: { _id: 0, discovery_date: 1, object_type: 1 },
});
/** Some 200 bytes each. */
const REMEMBERED_MAX = 50_000;

/** Which labels may be seen: those of alerts of these programids, or all. */
export interface LabelAccess {
  readonly permissions: readonly number[];
  readonly seesAll: boolean;
}

/** Asks of each object once, and once more when many others came between. */
export class KnownObjects {
  readonly #db: Db;
  readonly #survey: SurveyDef;
  readonly #access: LabelAccess;
  readonly #cells: CellCatalogs;
  readonly #remembered = new Map<string, Known>();
  readonly hasTns: boolean;

  private constructor(db: Db, survey: SurveyDef, access: LabelAccess, hasTns: boolean) {
    this.#db = db;
    this.#survey = survey;
    this.#access = access;
    this.#cells = new CellCatalogs(db);
    this.hasTns = hasTns;
  }

  static async open(db: Db, survey: SurveyDef, access: LabelAccess): Promise<KnownObjects> {
    return new KnownObjects(db, survey, access, await isSearchable(db, TNS));
  }

  get hasLabels(): boolean {
    return this.#survey.collections.classifications !== undefined;
  }

  /** Nothing is known of those that it doesn't give. */
  async of(objects: Objects): Promise<ReadonlyMap<string, Known>> {
    const fresh = new Map([...objects].filter(([id]) => !this.#remembered.has(id)));
    if (this.#remembered.size + fresh.size > REMEMBERED_MAX) this.#remembered.clear();
    const labels = await this.#labels(fresh);
    const reports = await this.#reports(fresh);
    const known = new Map<string, Known>();
    for (const id of objects.keys()) {
      const each = this.#remembered.get(id) ?? {
        ...reports.has(id) && { tns: reports.get(id) },
        ...labels.has(id) && { label: labels.get(id) },
      };
      this.#remembered.set(id, each);
      if (Object.keys(each).length > 0) known.set(id, each);
    }
    return known;
  }

  /** Of the nearest entries, the one that was discovered first. */
  async #reports(objects: Objects): Promise<Map<string, NonNullable<Known["tns"]>>> {
    const placed = [...objects].flatMap(([id, { position }]) => position ? [{ id, position }] : []);
    const found = new Map<string, NonNullable<Known["tns"]>>();
    if (!this.hasTns) return found;
    const { matches } = await told(() =>
      crossmatch(this.#db, [TNS_MATCH], placed.map(({ position }) => position), this.#cells)
    );
    placed.forEach(({ id }, i) => {
      const [first] = (matches[i]![TNS] as Document[]).map(toReport).sort((a, b) =>
        (a.discoveryJd ?? Infinity) - (b.discoveryJd ?? Infinity)
      );
      if (first) found.set(id, first);
    });
    return found;
  }

  /** The label that any of an object's alerts was given most surely; of equals the first by name. */
  async #labels(objects: Objects): Promise<Map<string, string>> {
    const { collections: { classifications }, objectIdKey } = this.#survey;
    const best = new Map<string, { readonly label: string; readonly value: number }>();
    if (classifications === undefined || objects.size === 0) return new Map();
    const { permissions, seesAll } = this.#access;
    const raw = await told(() =>
      this.#db.collection(classifications).find({
        [objectIdKey]: { $in: [...objects.values()].map(({ objectId }) => objectId) },
        ...!seesAll && { programid: { $in: [...permissions] } },
      }, { raw: true, projection: { _id: 0, [objectIdKey]: 1, human_labels: 1 } }).toArray()
    );
    for (const document of readDocuments(raw as unknown as Uint8Array[])) {
      const id = String(document[objectIdKey]);
      for (const [label, sureness] of Object.entries((document.human_labels ?? {}) as Document)) {
        const value = toNumber(sureness);
        const other = best.get(id);
        if (!(value > 0) || (other && (other.value > value || isTie(other, { label, value })))) {
          continue;
        }
        best.set(id, { label, value });
      }
    }
    return new Map([...best].map(([id, { label }]) => [id, label]));
  }
}

interface Labelled {
  readonly label: string;
  readonly value: number;
}

function isTie(kept: Labelled, other: Labelled): boolean {
  return kept.value === other.value && kept.label <= other.label;
}

function toReport({ discovery_date, object_type }: Document): NonNullable<Known["tns"]> {
  const type = (object_type as Document | null | undefined)?.name;
  return {
    type: typeof type === "string" && type !== "" ? type : null,
    discoveryJd: discovery_date instanceof Date ? julianDate(discovery_date.getTime()) : null,
  };
}

/** Whether the catalog is here, with an index of positions: without one each search would read all of it. */
async function isSearchable(db: Db, catalog: string): Promise<boolean> {
  const indexes = await told(() =>
    db.collection(catalog).indexes().catch((error) => {
      if (error.codeName === "NamespaceNotFound") return [];
      throw error;
    })
  );
  return indexes.some(({ key }) => key["coordinates.radec_geojson"] === "2dsphere");
}
