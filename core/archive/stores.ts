/** What operations work with besides the archive's view: one store a file, all of them made here. */
import type { Db } from "mongodb";
import type { SurveyDef } from "../contract/survey.ts";
import type { SkymapReader } from "../contract/skymaps.ts";
import type { Telescope } from "../contract/triggers.ts";
import type { Additions } from "../filters/filter_schema.ts";
import { type AuditStore, auditStore, ensureAuditIndexes } from "./audit_store.ts";
import {
  type ClassificationStore,
  classificationStore,
  ensureClassificationIndexes,
} from "./classification_store.ts";
import { type CutoutStore, cutoutStore } from "./cutout_store.ts";
import { ensureFilterFaultIndexes, type FilterFaults, filterFaults } from "./filter_faults.ts";
import { type FilterInsight, filterInsight } from "./filter_insight.ts";
import { ensureFilterIndexes, type FilterStore, filterStore } from "./filter_store.ts";
import { type FilterTrials, filterTrials } from "./filter_trials.ts";
import { type HoldingsStore, holdingsStore } from "./holdings.ts";
import type { Passwords } from "./passwords.ts";
import {
  ensureReplayIndexes,
  REPLAY_QUOTA,
  type ReplayQuota,
  type ReplayStore,
  replayStore,
} from "./replay_store.ts";
import { type Retries, retries } from "./retries.ts";
import { type GateSettings, type SelectivityGate, selectivityGate } from "./selectivity.ts";
import { ensureSkymapIndexes, type SkymapStore, skymapStore } from "./skymap_store.ts";
import { ensureTokenIndexes, type TokenStore, tokenStore } from "./token_store.ts";
import { type UserStore, userStore } from "./user_store.ts";
import type { UserRules } from "./users.ts";

export interface StoresDeps {
  readonly db: Db;
  readonly surveys: readonly SurveyDef[];
  readonly rules: UserRules;
  readonly passwords: Passwords;
  readonly telescope: Telescope;
  readonly skymapReader: SkymapReader;
  /** What settings add to a survey's alerts; nothing by default. */
  readonly additionsOf?: (survey: SurveyDef) => Additions;
  /** None by default. */
  readonly selectivity?: GateSettings;
  readonly replays?: ReplayQuota;
  /** Aborted when the end is near: ends what would be followed for ever. */
  readonly stopping?: AbortSignal;
}

export interface Stores {
  readonly users: UserStore;
  readonly tokens: TokenStore;
  readonly audit: AuditStore;
  readonly holdings: HoldingsStore;
  readonly cutouts: CutoutStore;
  readonly filters: FilterStore;
  readonly filterTrials: FilterTrials;
  readonly filterFaults: FilterFaults;
  readonly filterInsight: FilterInsight;
  readonly classifications: ClassificationStore;
  readonly retries: Retries;
  readonly telescope: Telescope;
  readonly skymaps: SkymapStore;
  readonly skymapReader: SkymapReader;
  readonly replays: ReplayStore;
  readonly selectivity: SelectivityGate;
}

const NO_GATE = { shareMax: null, alertsMax: 0, night: null };

export function createStores(deps: StoresDeps): Stores {
  const { db, surveys, rules, passwords, telescope, skymapReader } = deps;
  return {
    users: userStore(db, rules, passwords),
    tokens: tokenStore(db),
    audit: auditStore(db),
    holdings: holdingsStore(db, surveys),
    cutouts: cutoutStore(surveys),
    filters: filterStore(db),
    filterTrials: filterTrials(db, surveys),
    filterFaults: filterFaults(db),
    filterInsight: filterInsight(db, surveys, deps.additionsOf),
    classifications: classificationStore(db, surveys),
    retries: retries(),
    telescope,
    skymaps: skymapStore(db),
    skymapReader,
    replays: replayStore(db, surveys, deps.replays ?? REPLAY_QUOTA, deps.stopping),
    selectivity: selectivityGate(db, surveys, deps.selectivity ?? NO_GATE),
  };
}

/** Makes the indexes that the stores rely on; to be awaited before the first operation. */
export async function ensureStores({ db, surveys }: Pick<StoresDeps, "db" | "surveys">) {
  await ensureTokenIndexes(db);
  await ensureAuditIndexes(db);
  await ensureFilterIndexes(db);
  await ensureFilterFaultIndexes(db);
  await ensureClassificationIndexes(db, surveys);
  await ensureSkymapIndexes(db);
  await ensureReplayIndexes(db);
}
