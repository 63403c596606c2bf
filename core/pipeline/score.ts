/** Scores a batch: cutouts and features to arrays, arrays through the networks, scores by name. */
import { type Document, toDouble } from "../contract/document.ts";
import type { Scorer } from "../contract/model.ts";
import type { SurveyDef } from "../contract/survey.ts";
import { featureVector } from "./features.ts";
import type { Step } from "./objects.ts";
import { fillTriplet, TRIPLET_SIZE } from "./triplet.ts";

/** Alerts whose inputs are in memory at once: 48 kB each. */
const ALERTS_PER_RUN = 16;

export interface BatchScores {
  /** `classifications` of each step: empty where nothing could score it. */
  readonly classifications: Document[];
  /** How many scores are missing, and how long the inputs took. */
  readonly failures: Record<string, number>;
  readonly featuresMs: number;
}

/** Never throws for an alert: what can't be scored is stored without. */
export async function scoreSteps(
  survey: SurveyDef,
  scorer: Scorer,
  steps: readonly Step[],
): Promise<BatchScores> {
  const classifications = steps.map((): Document => ({}));
  const failures: Record<string, number> = {};
  let featuresMs = 0;
  if (scorer.models.length === 0) return { classifications, failures, featuresMs };
  const names = [...new Set(scorer.models.flatMap(({ featureNames }) => featureNames ?? []))];

  for (let at = 0; at < steps.length; at += ALERTS_PER_RUN) {
    const startMs = performance.now();
    const triplets = new Float32Array(Math.min(ALERTS_PER_RUN, steps.length - at) * TRIPLET_SIZE);
    const vectors: number[][] = [];
    const scorable: number[] = [];
    steps.slice(at, at + ALERTS_PER_RUN).forEach((step, i) => {
      try {
        fillTriplet(step.alert.cutouts, triplets, vectors.length * TRIPLET_SIZE);
        const derived = survey.features?.(step.alert, step.history) ?? {};
        vectors.push(featureVector(step.alert, names, derived));
        scorable.push(at + i);
      } catch {
        failures.inputs = (failures.inputs ?? 0) + 1; // Then no network runs for this alert.
      }
    });
    const features = new Map(
      names.map((name, n) => [name, Float64Array.from(vectors, (vector) => vector[n]!)]),
    );
    featuresMs += performance.now() - startMs;
    if (scorable.length === 0) continue;

    const result = await scorer.score({
      count: scorable.length,
      triplets: triplets.subarray(0, scorable.length * TRIPLET_SIZE),
      features,
    });
    for (const { name, version, scores } of result.scores) {
      scores.forEach((score, i) => {
        if (score === null) return;
        const document = classifications[scorable[i]!]!;
        document[name] = toDouble(score);
        document[`${name}_version`] = version;
      });
    }
    for (const { model, alerts } of result.failures) {
      failures[model] = (failures[model] ?? 0) + alerts;
    }
  }
  return { classifications, failures, featuresMs };
}
