/** Makes a survey's networks ready, as settings name them. */
import type { Log } from "./base/log.ts";
import type { Settings } from "./base/settings_schema.ts";
import type { SurveyDef } from "./contract/survey.ts";
import { type ModelEntries, toManifest } from "../models/manifest.ts";
import { type PreparedModel, prepareModels, type PrepareOptions } from "../models/prepare.ts";

/** Where networks are, and where what is made of them is kept. */
export function modelFolders({ core }: Settings): PrepareOptions {
  return {
    modelsDir: core.models_dir ?? `${core.data_dir}/models`,
    cacheDir: `${core.data_dir}/onnx`,
  };
}

/** A network that isn't there is told of: it is a missing score, never a reason not to read alerts. */
export async function modelsOf(
  settings: Settings,
  { instrument }: SurveyDef,
  log: Log,
): Promise<readonly PreparedModel[]> {
  const entries = (settings.ml[instrument]?.models ?? {}) as ModelEntries;
  const manifests = Object.entries(entries).map(([name, entry]) => toManifest(name, entry));
  const { ready, failures } = await prepareModels(manifests, modelFolders(settings));
  for (const { model, reason } of failures) log.warn("no scores of a network", { model, reason });
  return ready;
}
