/** Which of several cores are asked for what. Pure: what is known of them comes in, the plan goes out. */
import type { InstanceReport } from "../core/contract/instances.ts";

export interface Instance {
  readonly url: string;
  /** As people count them, in the order of the settings: instance 2 of 3. */
  readonly number: number;
  /** Whether it can be asked now. */
  readonly isUp: boolean;
  /** What it last told of itself; null: it has never answered this edge. */
  readonly report: InstanceReport | null;
  /** How many queries run on it, as far as is known. */
  readonly load: number;
}

/** What can be asked as one, and who can answer it, the best first; there is somebody. */
export interface Part {
  readonly catalogs: readonly string[];
  /** Which of the query's positions; absent: all. */
  readonly share?: Share;
  readonly instances: readonly Instance[];
}

export interface Share {
  readonly from: number;
  /** Not included. */
  readonly to: number;
}

/** A catalog that nobody can answer for now, and who could; perhaps, where they were never reached. */
export interface Missing {
  readonly catalog: string;
  readonly instances: readonly Instance[];
}

export interface Plan {
  readonly parts: readonly Part[];
  readonly missing: readonly Missing[];
}

/** No instance holds all the catalogs that have to be read together, whichever of them is up. */
export class ApartError extends Error {
  override name = "ApartError";
  constructor(catalogs: readonly string[]) {
    super(`Cannot read ${catalogs.join(" and ")} together as one instance must hold all of them`);
  }
}

/** With less of its documents than this a copy isn't whole: somebody is still loading it. */
const WHOLE_COPY = 0.9;
/** Fewer positions take less time than another request. */
const SHARE_POSITIONS_MIN = 250;

/**
 * A query of each of these catalogs for itself, in their order. Where one instance holds all of them
 * it is one part, of each of several replicas a share of the positions; else one for each catalog, or
 * for each run of catalogs that the same instances hold.
 */
export function plan(
  catalogs: readonly string[],
  instances: readonly Instance[],
  positions = 0,
): Plan {
  const missing: Missing[] = [];
  const found: Part[] = [];
  for (const catalog of catalogs) {
    const able = holdersOf(catalog, instances);
    const up = byLoad(able.filter(({ isUp }) => isUp));
    if (up.length > 0) found.push({ catalogs: [catalog], instances: up });
    else missing.push({ catalog, instances: able });
  }
  return { parts: joined(found).flatMap((part) => shared(part, positions)), missing };
}

/**
 * A query that reads `catalog` together with the others, of which no instance may know anything. One
 * part, or what is missing for it. Throws `ApartError`.
 */
export function planTogether(
  catalog: string,
  others: readonly string[],
  instances: readonly Instance[],
): Plan {
  const needed = [catalog, ...others.filter((name) => isHeld(name, instances))];
  const able = needed.map((name) => holdersOf(name, instances)).reduce(common);
  if (able.length === 0) throw new ApartError(needed);
  const up = byLoad(able.filter(({ isUp }) => isUp));
  return up.length > 0
    ? { parts: [{ catalogs: needed, instances: up }], missing: [] }
    : { parts: [], missing: needed.map((name) => ({ catalog: name, instances: able })) };
}

/**
 * The instances of the archive where the accounts are, in order: those of the first of all instances
 * and its replicas.
 */
export function homeOf(instances: readonly Instance[]): Instance[] {
  const [first] = instances;
  return first === undefined ? [] : instances.filter((each) => isSameArchive(each, first));
}

/** The instances by the archive that they stand before, in order. */
export function archivesOf(instances: readonly Instance[]): Instance[][] {
  const archives = Map.groupBy(
    instances,
    ({ url, report }) => report === null ? `of ${url}` : report.archive,
  );
  return [...archives.values()];
}

/**
 * Those that can answer for a catalog, up or not, in order: who holds a whole copy of it. Where nobody
 * does, everybody can say so; but not while there is one of whom nothing is known.
 */
export function holdersOf(catalog: string, instances: readonly Instance[]): Instance[] {
  const holders = instances.filter((instance) => countOf(catalog, instance) !== undefined);
  if (holders.length === 0) {
    const strangers = instances.filter(({ report }) => report === null);
    return strangers.length > 0 ? strangers : [...instances];
  }
  const counts = holders.map((instance) => countOf(catalog, instance) ?? 0);
  const least = WHOLE_COPY * Math.max(...counts);
  return holders.filter((instance) => (countOf(catalog, instance) ?? Infinity) >= least);
}

/** Those that hold something of a catalog, also while it is loaded; or may do so, as nothing is known of them. */
export function copiesOf(catalog: string, instances: readonly Instance[]): Instance[] {
  return instances.filter((instance) =>
    instance.report === null || countOf(catalog, instance) !== undefined
  );
}

/** The collection of a survey's alerts; undefined: no instance is known to have any. */
export function alertsOf(survey: string, instances: readonly Instance[]): string | undefined {
  const name = survey.toLowerCase();
  const surveys = instances.flatMap(({ report }) => Object.entries(report?.surveys ?? {}));
  return surveys.find(([survey]) => survey === name)?.[1];
}

/** Names of all catalogs that are known of, descending; also of instances that are down. */
export function catalogNames(instances: readonly Instance[]): string[] {
  const names = instances.flatMap(({ report }) => Object.keys(report?.catalogs ?? {}));
  return [...new Set(names)].sort().reverse();
}

/** Undefined: it doesn't hold it. Null: nobody counts it. */
function countOf(catalog: string, { report }: Instance): number | null | undefined {
  return report !== null && Object.hasOwn(report.catalogs, catalog)
    ? report.catalogs[catalog]
    : undefined;
}

function isHeld(catalog: string, instances: readonly Instance[]): boolean {
  return instances.some((instance) => countOf(catalog, instance) !== undefined);
}

function isSameArchive(one: Instance, other: Instance): boolean {
  return one === other || (one.report !== null && one.report.archive === other.report?.archive);
}

function byLoad(instances: readonly Instance[]): Instance[] {
  return instances.toSorted((one, other) => one.load - other.load);
}

function common(some: readonly Instance[], others: readonly Instance[]): Instance[] {
  return some.filter((instance) => others.includes(instance));
}

/** One part, where somebody can answer all of them; else neighbours that the same can answer. */
function joined(parts: readonly Part[]): Part[] {
  const [first, ...rest] = parts;
  if (first === undefined) return [];
  const all = parts.map(({ instances }) => instances).reduce(common);
  if (all.length > 0) {
    return [{ catalogs: parts.flatMap(({ catalogs }) => catalogs), instances: all }];
  }
  return rest.reduce<Part[]>((runs, part) => {
    const last = runs.at(-1)!;
    const both = common(last.instances, part.instances);
    if (both.length === 0) return [...runs, part];
    const run = { catalogs: [...last.catalogs, ...part.catalogs], instances: both };
    return [...runs.slice(0, -1), run];
  }, [first]);
}

/** The part, or one for each of its catalogs and of its instances, with a share of the positions. */
function shared(part: Part, positions: number): Part[] {
  const { catalogs, instances } = part;
  const shares = Math.min(instances.length, Math.floor(positions / SHARE_POSITIONS_MIN));
  if (shares < 2) return [part];
  return catalogs.flatMap((catalog) =>
    Array.from({ length: shares }, (_, i): Part => ({
      catalogs: [catalog],
      share: {
        from: Math.floor(positions * i / shares),
        to: Math.floor(positions * (i + 1) / shares),
      },
      instances: [...instances.slice(i), ...instances.slice(0, i)],
    }))
  );
}
