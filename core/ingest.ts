/**
 * A batch of packets, from bytes to the archive and the outbox: what a worker does. Read this after
 * `broker.ts`. All that a batch becomes is written in one transaction, so a crash leaves all of it
 * or nothing, and a replay of what is stored changes nothing.
 */
import type { ClientSession } from "mongodb";
import { CellCatalogs } from "./archive/cells.ts";
import { isConflict, isDuplicateKey, isTransient } from "./archive/errors.ts";
import { FilterRunner, type Hit } from "./archive/filter_runner.ts";
import { readKnown } from "./archive/history.ts";
import type { Archive } from "./archive/open.ts";
import { putPassed } from "./archive/outbox.ts";
import { alertId, putAlerts } from "./archive/put.ts";
import { putRejected } from "./archive/rejected.ts";
import type { CatalogMatch } from "./contract/crossmatch.ts";
import type { Document } from "./contract/document.ts";
import { EMPTY_REPORT, type IngestJob, type IngestReport, type Stage } from "./contract/ingest.ts";
import type { Scorer } from "./contract/model.ts";
import { matchObjects } from "./match_objects.ts";
import type { Passed } from "./contract/passed.ts";
import type { SurveyDef } from "./contract/survey.ts";
import { Accounts } from "./filters/engine/plan/accounts.ts";
import { walkObjects } from "./pipeline/objects.ts";
import { type ReadAlert, readBatch } from "./pipeline/read_batch.ts";
import { scoreSteps } from "./pipeline/score.ts";

export interface IngestDeps {
  readonly archive: Archive;
  readonly survey: SurveyDef;
  readonly catalogs: readonly CatalogMatch[];
  readonly scorer: Scorer;
}

/** The archive can't be reached: the same batch will do later. */
export class ArchiveAwayError extends Error {
  override name = "ArchiveAwayError";
}

/** Another core writes the same alerts or objects, or died at it: the same batch will do soon. */
export class ArchiveBusyError extends Error {
  override name = "ArchiveBusyError";
}

/** Two cores that write the same object at once read again; this often before they step back. */
const CONFLICTS_MAX = 5;

export class Ingest {
  readonly #deps: IngestDeps;
  readonly #cells: CellCatalogs;
  /** What filters cost, in whatever version of all filters. */
  readonly #accounts = new Accounts();
  #filterVersion = "";
  #filters: FilterRunner;

  constructor(deps: IngestDeps) {
    this.#deps = deps;
    this.#cells = new CellCatalogs(deps.archive.db);
    this.#filters = new FilterRunner(deps.archive.db, []);
  }

  /** Throws an `ArchiveAwayError` or `ArchiveBusyError` when nothing was written and trying again will help. */
  async run(job: IngestJob): Promise<IngestReport> {
    const { survey, archive } = this.#deps;
    this.#takeFilters(job);
    const time = new StageTimes();
    const batch = await time.of("decode", () => readBatch(survey, job.packets));
    try {
      await putRejected(archive.db, survey.name, batch.rejected);
      const written = await this.#write(batch.alerts, time);
      return {
        ...written,
        read: job.packets.length,
        known: written.known + batch.repeated,
        rejected: batch.rejected.length,
        stageMs: time.ms,
      };
    } catch (error) {
      if (isConflict(error)) throw new ArchiveBusyError((error as Error).message);
      if (isTransient(error)) throw new ArchiveAwayError((error as Error).message);
      throw error;
    }
  }

  #takeFilters({ filterVersion, filters }: IngestJob): void {
    if (filterVersion === this.#filterVersion) return;
    if (!filters) {
      throw new Error(`Cannot run filters of version ${filterVersion}: they are unknown`);
    }
    this.#filters = new FilterRunner(this.#deps.archive.db, filters, this.#accounts);
    this.#filterVersion = filterVersion;
  }

  async #write(alerts: readonly ReadAlert[], time: StageTimes): Promise<Written> {
    if (alerts.length === 0) return EMPTY_REPORT;
    for (let conflicts = 0;; conflicts++) {
      const session = this.#deps.archive.client.startSession();
      try {
        session.startTransaction({ readConcern: { level: "snapshot" } });
        const written = await this.#inTransaction(alerts, session, time);
        await time.of("write", () => session.commitTransaction());
        const now = Date.now();
        return { ...written, hitLatenciesMs: written.packetMs.map((sent) => now - sent) };
      } catch (error) {
        await session.abortTransaction().catch(() => {}); // It may be over already.
        if (!isDuplicateKey(error) || conflicts === CONFLICTS_MAX) throw error;
      } finally {
        await session.endSession();
      }
    }
  }

  async #inTransaction(
    batch: readonly ReadAlert[],
    session: ClientSession,
    time: StageTimes,
  ): Promise<Written & { packetMs: number[] }> {
    const { archive: { db }, survey, scorer } = this.#deps;
    const known = await time.of(
      "history",
      () => readKnown(db, survey, batch.map(({ alert }) => alert), session),
    );
    const fresh = batch.filter(({ alert }) => !known.candids.has(String(alert.candid)));
    if (fresh.length === 0) return { ...EMPTY_REPORT, known: batch.length, packetMs: [] };
    const { steps, objects } = await time.of(
      "features",
      () => walkObjects(fresh.map(({ alert }) => alert), known),
    );
    const scores = await time.of("score", () => scoreSteps(survey, scorer, steps));
    time.move("score", "features", scores.featuresMs);
    const matches = await time.of(
      "crossmatch",
      () => matchObjects({ db, catalogs: this.#deps.catalogs, cells: this.#cells }, objects),
    );

    const documents = steps.map(({ alert }, i): Document => ({
      _id: alertId(alert.jd, alert.candid),
      ...alert.document,
      classifications: scores.classifications[i],
    }));
    const { hits, failures } = await time.of(
      "filter",
      () =>
        this.#filters.run((permissions) =>
          steps.map(({ aux }, i) => survey.toFilterInput(documents[i]!, aux, permissions))
        ),
    );
    const passed = hits.map((hit) => toPassed(survey, fresh[hit.alert]!, hit));
    await time.of("write", async () => {
      await putAlerts(db, survey, documents, objects, session);
      await putPassed(db, passed, session);
    });
    return {
      ...EMPTY_REPORT,
      stored: fresh.length,
      known: batch.length - fresh.length,
      scored: scores.classifications.filter((each) => Object.keys(each).length > 0).length,
      matched: matches.matched,
      passed: passed.length,
      modelFailures: scores.failures,
      catalogFailures: matches.failures,
      filterFailures: failures,
      packetMs: [...new Set(hits.map((hit) => hit.alert))].map((i) => fresh[i]!.packet.timestampMs),
    };
  }
}

/** What became of a batch's alerts; of its packets, and of the time, `run` knows. */
type Written = Omit<IngestReport, "read" | "rejected" | "stageMs">;

function toPassed(survey: SurveyDef, { alert, packet }: ReadAlert, { filter, data }: Hit): Passed {
  return {
    _id: `${survey.name}:${alert.candid}:${filter.filterId}`,
    survey: survey.name,
    candid: alert.candid,
    objectId: alert.objectId,
    filterId: filter.filterId,
    groupId: filter.groupId,
    fid: filter.fid,
    data,
    packetMs: packet.timestampMs,
  };
}

/** How long each stage took, ms; a stage that is repeated after a conflict counts each time. */
class StageTimes {
  readonly ms = { ...EMPTY_REPORT.stageMs };

  async of<T>(stage: Stage, work: () => T | Promise<T>): Promise<T> {
    const startMs = performance.now();
    try {
      return await work();
    } finally {
      this.ms[stage] += performance.now() - startMs;
    }
  }

  move(from: Stage, to: Stage, ms: number): void {
    this.ms[from] -= ms;
    this.ms[to] += ms;
  }
}
