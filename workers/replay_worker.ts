/** A thread that replays filters over archived nights: its own connection to the archive, batch after batch. */
import { constants, setPriority } from "node:os";
import { type Archive, openArchive } from "../core/archive/open.ts";
import { loadFolder } from "../core/base/registry.ts";
import { UnavailableError } from "../core/contract/query.ts";
import type { SurveyDef } from "../core/contract/survey.ts";
import { FilterReplay, type ReplayStep, type TurnLimits } from "../core/filter_replay.ts";
import { serve } from "./serve.ts";

export interface ReplayWorkerSettings {
  readonly archiveUri: string;
  readonly database: string;
  readonly limits: TurnLimits;
}

/** One batch of the part of a replay that the holder has claimed. */
export interface ReplayJob {
  readonly id: string;
  readonly holder: string;
}

serve<ReplayWorkerSettings, ReplayJob, ReplayStep>(async ({ archiveUri, database, limits }) => {
  giveWay();
  const surveys = await loadFolder<SurveyDef>(new URL("../catalogs/live/", import.meta.url));
  let archive: Archive | undefined;
  let replay: FilterReplay | null = null;
  /** Of the part that it runs. */
  let holder: string | undefined;

  async function open(job: ReplayJob): Promise<FilterReplay | null> {
    archive ??= await openArchive({
      uri: archiveUri,
      database,
      appName: "kowalski-replays",
    }).catch((error) => {
      throw new UnavailableError("Cannot reach the archive", { cause: error });
    });
    return await FilterReplay.open({
      ...job,
      db: archive.db,
      surveys: [...surveys.values()],
      limits,
    });
  }

  async function close(): Promise<void> {
    await replay?.[Symbol.asyncDispose]();
    replay = null;
  }

  return async (job) => {
    try {
      if (job.holder !== holder) await close(); // That one was given up.
      holder = job.holder;
      replay ??= await open(job);
      const step = await replay?.step() ?? "gone";
      if (step !== "running") await close();
      return step;
    } catch (error) {
      await close(); // What it has in memory may be ahead of what is written.
      throw error;
    }
  };
});

/** Alerts and queries come first: this thread gets what they leave, or little beside them. */
function giveWay(): void {
  // Elsewhere the priority is that of the whole program.
  if (Deno.build.os === "linux") setPriority(0, constants.priority.PRIORITY_LOW);
}
