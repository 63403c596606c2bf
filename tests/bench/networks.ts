/** The published networks, where they are at hand, and what they cost alone. */
import { readSettings } from "../../core/base/read_settings.ts";
import { walkObjects } from "../../core/pipeline/objects.ts";
import { decodePacket } from "../../core/pipeline/decode.ts";
import { scoreSteps } from "../../core/pipeline/score.ts";
import { type ModelSettings, toManifest } from "../../models/manifest.ts";
import { type PreparedModel, prepareModels } from "../../models/prepare.ts";
import { openScorer } from "../../workers/onnx.ts";
import ztf from "../../catalogs/live/ztf.ts";
import { cpuMs } from "./cpu.ts";
import { packetsOf } from "./ingest_sky.ts";

/** The seven networks of ZTF, from `SAMPLES_DIR/models`; none where that isn't set. */
export async function publishedModels(cacheDir: string): Promise<readonly PreparedModel[]> {
  const samples = Deno.env.get("SAMPLES_DIR");
  if (samples === undefined) return [];
  const { ml } = await readSettings({ env: {} });
  const manifests = Object.entries(ml.ZTF?.models ?? {})
    .map(([name, entry]) => toManifest(name, entry as ModelSettings));
  const { ready, failures } = await prepareModels(manifests, {
    modelsDir: `${samples}/models`,
    cacheDir,
  });
  for (const { model, reason } of failures) console.log(`without ${model}: ${reason}`);
  return ready;
}

/** CPU of the networks alone, on inputs that are ready, ms an alert. */
export async function measureNetworks(
  models: readonly PreparedModel[],
  alerts: number,
): Promise<number> {
  if (models.length === 0) return 0;
  await using scorer = await openScorer(models);
  const all = [...packetsOf(alerts, 0)].flatMap(({ bytes }) =>
    decodePacket(bytes).map(ztf.toAlert)
  );
  const { steps } = walkObjects(all, { aux: new Map(), candidates: new Map() });
  await scoreSteps(ztf, scorer, steps.slice(0, 64)); // Sessions get warm.
  const before = cpuMs("self");
  const { featuresMs } = await scoreSteps(ztf, scorer, steps);
  return (cpuMs("self") - before - featuresMs) / alerts;
}
