/**
 * One part of a replay of a filter, batch after batch: what a replay worker does. The version, and the live one
 * beside it, run on the same alerts by the code that runs what is live.
 */
import type { Db } from "mongodb";
import { FilterRunner } from "./archive/filter_runner.ts";
import { KnownObjects } from "./archive/known_objects.ts";
import { alertKeys } from "./archive/replay_alerts.ts";
import type { AlertKey, Replay, ReplayPart, SampledPass } from "./archive/replay_document.ts";
import {
  type BatchResult,
  ReplayProgress,
  SAMPLE_SIZE,
  type Turn,
} from "./archive/replay_progress.ts";
import { toFilter } from "./archive/selectivity.ts";
import { readInputs } from "./archive/stored_inputs.ts";
import { writeDocument } from "./archive/bson_write.ts";
import type { Document } from "./contract/document.ts";
import type { SurveyDef } from "./contract/survey.ts";
import { BatchTally, type FreshPass } from "./filters/replays/batch_tally.ts";
import { type ObjectReport, ObjectTally } from "./filters/replays/object_report.ts";
import { hashOf, type Sampled, sampleOf } from "./filters/replays/pass_sample.ts";

export interface TurnLimits {
  /** Alerts of one batch. */
  readonly batchMax: number;
  /** Of one turn: then the replay is paused. */
  readonly alertsMax: number;
  readonly runMsMax: number;
}

/** `done`: the part is. `gone`: it is no longer ours to run: cancelled, removed, or another core's. */
export type ReplayStep = "running" | "done" | "paused" | "gone";

/** What a filter makes of an alert; more is kept of none. */
const SAMPLED_BYTES_MAX = 100_000;

export interface ReplayTask {
  readonly db: Db;
  readonly surveys: readonly SurveyDef[];
  readonly id: string;
  readonly holder: string;
  readonly limits: TurnLimits;
}

export class FilterReplay implements AsyncDisposable {
  readonly #task: ReplayTask;
  readonly #progress: ReplayProgress;
  readonly #replay: Replay;
  readonly #part: ReplayPart;
  readonly #survey: SurveyDef;
  readonly #known: KnownObjects;
  readonly #version: Runner;
  /** Null: there is no live version, or it is the one that is replayed. */
  readonly #live: Runner | null;
  readonly #keys: AsyncGenerator<AlertKey[]>;
  readonly #over = new AbortController();
  /** What is kept, as far as this thread knows. */
  #sample: readonly Sampled[];
  #turn: Turn;

  private constructor(
    task: ReplayTask,
    progress: ReplayProgress,
    { replay, part }: { readonly replay: Replay; readonly part: ReplayPart },
    known: KnownObjects,
  ) {
    const { db, surveys, limits } = task;
    const { live, fid, pipeline, permissions } = replay;
    this.#task = task;
    this.#progress = progress;
    this.#replay = replay;
    this.#part = part;
    this.#known = known;
    this.#survey = surveyOf(surveys, replay);
    this.#version = new Runner(db, pipeline, permissions);
    this.#live = live === null || live.fid === fid
      ? null
      : new Runner(db, live.pipeline, permissions);
    this.#keys = alertKeys(
      db,
      {
        survey: this.#survey,
        jdStart: part.jd_start,
        jdEnd: replay.jd_end,
        jdBefore: part.jd_before,
        after: part.cursor,
      },
      limits.batchMax,
      this.#over.signal,
    );
    this.#sample = replay.sample;
    this.#turn = replay.turn;
  }

  /** From where it is by now; null: it is not the holder's. Throws where its pipeline can't be read. */
  static async open(task: ReplayTask): Promise<FilterReplay | null> {
    const progress = new ReplayProgress(task.db, task.id, task.holder);
    const held = await progress.read();
    if (held === null) return null;
    const { replay } = held;
    const { permissions, sees_all: seesAll } = replay;
    const survey = surveyOf(task.surveys, replay);
    const known = await KnownObjects.open(task.db, survey, { permissions, seesAll });
    const opened = new FilterReplay(task, progress, held, known);
    if (replay.ran === null) {
      await progress.ran({
        uncompiled: opened.#version.uncompiled,
        live_uncompiled: opened.#live?.uncompiled ?? null,
      });
    }
    return opened;
  }

  /** One batch, or the end. After a throw it is in no state to go on: it is to be opened anew. */
  async step(): Promise<ReplayStep> {
    if (this.#part.is_report) return await this.#rest("done", null);
    const { alertsMax, runMsMax } = this.#task.limits;
    if (this.#turn.alerts >= alertsMax) {
      return await this.#rest("paused", `It has run over ${alertsMax} alerts: to be resumed`);
    }
    if (this.#turn.ms >= runMsMax) {
      return await this.#rest("paused", `It has run for ${runMsMax / 1000} s: to be resumed`);
    }
    const startMs = performance.now();
    const { done, value: keys } = await this.#keys.next();
    if (done) return await this.#progress.endPart() ? "done" : "gone";
    const turn = await this.#progress.add(await this.#run(keys, startMs));
    this.#turn = turn ?? this.#turn;
    return turn === null ? "gone" : "running";
  }

  async [Symbol.asyncDispose](): Promise<void> {
    this.#over.abort();
    await this.#keys.return(undefined).catch(() => {});
  }

  async #run(keys: readonly AlertKey[], startMs: number): Promise<BatchResult> {
    const { permissions, as_of: isAsOf, live } = this.#replay;
    const tally = new BatchTally(this.#survey);
    const version = new RunTotals();
    const beside = new RunTotals();
    const which = { survey: this.#survey, permissions, isAsOf };
    let readMs = 0;
    let readFromMs = startMs;
    const candids = keys.map(({ candid }) => candid);
    for await (const inputs of readInputs(this.#task.db, which, candids, this.#over.signal)) {
      readMs += performance.now() - readFromMs;
      const passes = version.add(await this.#version.run(inputs));
      const livePasses = this.#live
        ? beside.add(await this.#live.run(inputs))
        : live === null
        ? NO_PASSES
        : passes;
      inputs.forEach((input, i) => tally.add(input, passes.get(i), livePasses.has(i)));
      readFromMs = performance.now();
    }
    const fresh = new Set<Sampled>(tally.passes);
    this.#sample = sampleOf(this.#sample, tally.passes, SAMPLE_SIZE);
    const sample = this.#sample.filter((pass) => fresh.has(pass)) as FreshPass[];
    const known = await this.#known.of(tally.objects);
    return {
      cursor: keys.at(-1)!,
      nights: tally.nights,
      costMs: { read: readMs, filter: version.ms, live: beside.ms },
      runMs: performance.now() - startMs,
      failure: version.failure,
      liveFailure: beside.failure,
      objects: tally.changes(known),
      sample: sample.map(toSampled),
    };
  }

  async #rest(state: "done" | "paused", reason: string | null): Promise<ReplayStep> {
    return await this.#progress.rest(state, reason, await this.#objectReport()) ? state : "gone";
  }

  async #objectReport(): Promise<ObjectReport> {
    const { hasTns, hasLabels } = this.#known;
    const tally = new ObjectTally({ hasLive: this.#replay.live !== null, hasTns, hasLabels });
    for await (const object of this.#progress.objects()) tally.add(object);
    return tally.report();
  }
}

function toSampled({ document, ...about }: FreshPass): SampledPass {
  const data = writeDocument(document);
  return { ...about, hash: hashOf(about), data: data.length <= SAMPLED_BYTES_MAX ? data : null };
}

type Passes = ReadonlyMap<number, Document>;
const NO_PASSES: Passes = new Map();

interface Run {
  /** What came out, by the alert's place. */
  readonly passes: Passes;
  readonly failure: string | undefined;
  readonly ms: number;
}

/** What the runs of a version on parts of a batch come to. */
class RunTotals {
  ms = 0;
  failure: string | undefined;

  add({ passes, failure, ms }: Run): Passes {
    this.ms += ms;
    this.failure ??= failure;
    return passes;
  }
}

/** One version, compiled. */
class Runner {
  readonly #runner: FilterRunner;
  /** Why MongoDB has to run it; null: it doesn't. */
  readonly uncompiled: string | null;

  constructor(db: Db, pipeline: string, permissions: readonly number[]) {
    const filter = toFilter(pipeline, permissions);
    this.#runner = new FilterRunner(db, [filter]);
    this.uncompiled = this.#runner.uncompiled(filter) ?? null;
  }

  async run(inputs: readonly Document[]): Promise<Run> {
    const startMs = performance.now();
    const { hits, failures } = await this.#runner.run(() => [...inputs]);
    return {
      passes: new Map(hits.map(({ alert, data }) => [alert, data])),
      failure: failures[0]?.reason,
      ms: performance.now() - startMs,
    };
  }
}

function surveyOf(surveys: readonly SurveyDef[], { catalog }: Replay): SurveyDef {
  const survey = surveys.find(({ collections }) => collections.alerts === catalog);
  if (survey) return survey;
  throw new Error(`Cannot replay the filter as there is no survey of ${catalog}`);
}
