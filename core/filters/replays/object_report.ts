/** What a replay says of objects: gained and lost against the live version, and how soon they were found. */

/** An object that passed a version, or that somebody knows. */
export interface ReplayedObject {
  readonly objectId: unknown;
  /** Of the first alert that passed, Julian date. */
  readonly firstJd: number | undefined;
  /** The same of the live version. */
  readonly liveFirstJd: number | undefined;
  readonly tns?: { readonly type: string | null; readonly discoveryJd: number | null } | undefined;
  /** The label that people have given it most surely. */
  readonly label?: string | undefined;
}

export interface DaysReport {
  readonly objects: number;
  readonly earlier: number;
  readonly same: number;
  readonly later: number;
  readonly min: number | null;
  readonly median: number | null;
  readonly max: number | null;
}

/** What depends on a live version is null where there is none. */
export interface GroupReport {
  readonly objects: number;
  readonly passed: number;
  readonly live_passed: number | null;
  readonly gained: number | null;
  readonly lost: number | null;
  readonly days_against_live: DaysReport | null;
  /** Null where the group has no discoveries. */
  readonly days_against_discovery: DaysReport | null;
}

export interface ObjectReport {
  readonly objects: {
    readonly passed: number;
    readonly live_passed: number | null;
    readonly gained: ObjectIds | null;
    readonly lost: ObjectIds | null;
  };
  readonly tns: { readonly all: GroupReport; readonly by_type: readonly NamedGroup[] } | null;
  readonly classes: readonly NamedGroup[] | null;
}

/** In a list, since names may be anything. */
export interface NamedGroup extends GroupReport {
  readonly name: string;
}

interface ObjectIds {
  readonly count: number;
  /** The first of them. */
  readonly object_ids: readonly unknown[];
}

/** Ids of gained or lost objects that are told. */
const IDS_MAX = 200;
/** Types and labels that are told apart; people may invent any number of them. */
const GROUPS_MAX = 200;
const OTHERS = "others";
const UNCLASSIFIED = "unclassified";

export interface ObjectTallyOptions {
  /** Whether a live version ran beside. */
  readonly hasLive: boolean;
  /** Whether it was looked for what is known of objects. */
  readonly hasTns: boolean;
  readonly hasLabels: boolean;
}

/** Takes objects one by one, so that none of them needs to stay in memory. */
export class ObjectTally {
  readonly #options: ObjectTallyOptions;
  readonly #all: Group;
  readonly #gained: unknown[] = [];
  readonly #lost: unknown[] = [];
  readonly #tns: Group;
  readonly #types = new Map<string, Group>();
  readonly #labels = new Map<string, Group>();

  constructor(options: ObjectTallyOptions) {
    this.#options = options;
    this.#all = new Group(options.hasLive);
    this.#tns = new Group(options.hasLive);
  }

  add(object: ReplayedObject): void {
    const { objectId, firstJd, liveFirstJd, tns, label } = object;
    this.#all.add(object);
    if (this.#options.hasLive && (firstJd === undefined) !== (liveFirstJd === undefined)) {
      const ids = firstJd === undefined ? this.#lost : this.#gained;
      if (ids.length < IDS_MAX) ids.push(objectId);
    }
    if (tns !== undefined) {
      this.#tns.add(object);
      this.#groupOf(this.#types, tns.type ?? UNCLASSIFIED).add(object);
    }
    if (label !== undefined) this.#groupOf(this.#labels, label).add(object);
  }

  report(): ObjectReport {
    const { hasLive, hasTns, hasLabels } = this.#options;
    const { passed, live_passed, gained, lost } = this.#all.report();
    return {
      objects: {
        passed,
        live_passed,
        gained: hasLive ? { count: gained!, object_ids: this.#gained } : null,
        lost: hasLive ? { count: lost!, object_ids: this.#lost } : null,
      },
      tns: hasTns ? { all: this.#tns.report(), by_type: reports(this.#types) } : null,
      classes: hasLabels ? reports(this.#labels) : null,
    };
  }

  #groupOf(groups: Map<string, Group>, name: string): Group {
    const key = groups.has(name) || groups.size < GROUPS_MAX ? name : OTHERS;
    const group = groups.get(key) ?? new Group(this.#options.hasLive);
    groups.set(key, group);
    return group;
  }
}

class Group {
  readonly #hasLive: boolean;
  readonly #againstLive: number[] = [];
  readonly #againstDiscovery: number[] = [];
  #discoveries = 0;
  #objects = 0;
  #passed = 0;
  #livePassed = 0;
  #both = 0;

  constructor(hasLive: boolean) {
    this.#hasLive = hasLive;
  }

  add({ firstJd, liveFirstJd, tns }: ReplayedObject): void {
    this.#objects++;
    const discoveryJd = tns?.discoveryJd ?? null;
    if (discoveryJd !== null) this.#discoveries++;
    if (liveFirstJd !== undefined) this.#livePassed++;
    if (firstJd === undefined) return;
    this.#passed++;
    if (discoveryJd !== null) this.#againstDiscovery.push(firstJd - discoveryJd);
    if (liveFirstJd === undefined) return;
    this.#both++;
    this.#againstLive.push(firstJd - liveFirstJd);
  }

  report(): GroupReport {
    const hasLive = this.#hasLive;
    return {
      objects: this.#objects,
      passed: this.#passed,
      live_passed: hasLive ? this.#livePassed : null,
      gained: hasLive ? this.#passed - this.#both : null,
      lost: hasLive ? this.#livePassed - this.#both : null,
      days_against_live: hasLive ? daysReport(this.#againstLive) : null,
      days_against_discovery: this.#discoveries > 0 ? daysReport(this.#againstDiscovery) : null,
    };
  }
}

function reports(groups: ReadonlyMap<string, Group>): NamedGroup[] {
  return [...groups].map(([name, group]) => ({ name, ...group.report() }))
    .sort((a, b) => (a.name < b.name ? -1 : 1));
}

function daysReport(days: readonly number[]): DaysReport {
  const sorted = days.toSorted((a, b) => a - b);
  const middle = sorted.length / 2;
  return {
    objects: sorted.length,
    earlier: sorted.filter((each) => each < 0).length,
    same: sorted.filter((each) => each === 0).length,
    later: sorted.filter((each) => each > 0).length,
    min: sorted[0] ?? null,
    median: sorted.length === 0
      ? null
      : (sorted[Math.ceil(middle) - 1]! + sorted[Math.floor(middle)]!) / 2,
    max: sorted.at(-1) ?? null,
  };
}
