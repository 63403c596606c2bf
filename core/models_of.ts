/** Makes a survey's networks ready, as settings name them. */
import type { Log } from "./base/log.ts";
import type { Settings } from "./base/settings_schema.ts";
import type { SurveyDef } from "./contract/survey.ts";
import { type ModelEntries, toManifest } from "../models/manifest.ts";
import { type PreparedModel, prepareModels } from "../models/prepare.ts";

export interface ModelFolders {
  readonly settings: Settings;
  /** Where networks are, and where what is made of them is kept. */
  readonly modelsDir: string;
  readonly cacheDir: string;
}

/** A network that isn't there is told of: it is a missing score, never a reason not to read alerts. */
export async function modelsOf(
  { settings, modelsDir, cacheDir }: ModelFolders,
  { instrument }: SurveyDef,
  log: Log,
): Promise<readonly PreparedModel[]> {
  const entries = (settings.ml[instrument]?.models ?? {}) as ModelEntries;
  const manifests = Object.entries(entries).map(([name, entry]) => toManifest(name, entry));
  const { ready, failures } = await prepareModels(manifests, { modelsDir, cacheDir });
  for (const { model, reason } of failures) log.warn("no scores of a network", { model, reason });
  return ready;
}
