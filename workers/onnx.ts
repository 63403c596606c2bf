/** Runs networks in this thread by onnxruntime, each with one thread of its own: the only file that knows it. */
import { InferenceSession, Tensor } from "onnxruntime-node";
import type { ModelFailure, ModelScores, ScoreInput, Scorer } from "../core/contract/model.ts";
import type { ModelInput, PreparedModel } from "../models/prepare.ts";

/** Alerts of one run: more of them take memory and time, as the layers' outputs leave the cache. */
const RUN_MAX = 2;

const OPTIONS: InferenceSession.SessionOptions = {
  intraOpNumThreads: 1,
  interOpNumThreads: 1,
  executionMode: "sequential",
  graphOptimizationLevel: "all",
  enableCpuMemArena: true,
  logSeverityLevel: 3,
  extra: { session: { intra_op: { allow_spinning: "0" }, set_denormal_as_zero: "1" } },
};

interface Graph {
  readonly prepared: PreparedModel;
  /** Null where the runtime refuses it: its networks fail for every alert, and say why. */
  readonly session: InferenceSession | null;
  readonly reason: string;
}

/** Never rejects for a network that can't run. */
export async function openScorer(prepared: readonly PreparedModel[]): Promise<Scorer> {
  const graphs: Graph[] = [];
  for (const each of prepared) graphs.push(await openGraph(each));
  return {
    models: prepared.flatMap(({ manifests }) => manifests),
    async score(input) {
      const results = [];
      for (const graph of graphs) results.push(await scoreGraph(graph, input));
      return {
        scores: results.flatMap((result) => result.scores),
        failures: results.flatMap((result) => result.failures),
      };
    },
    async [Symbol.asyncDispose]() {
      for (const { session } of graphs) await session?.release();
    },
  };
}

async function openGraph(prepared: PreparedModel): Promise<Graph> {
  let session: InferenceSession | null = null;
  try {
    session = await InferenceSession.create(prepared.onnxPath, OPTIONS);
    const { inputNames, outputNames } = session;
    if (inputNames.length !== prepared.inputs.length) {
      throw new Error(`The network must take ${prepared.inputs}: it takes ${inputNames}`);
    }
    if (outputNames.length !== prepared.manifests.length) {
      throw new Error(`The network must give one output: it gives ${outputNames}`);
    }
    return { prepared, session, reason: "" };
  } catch (error) {
    await session?.release();
    return { prepared, session: null, reason: (error as Error).message };
  }
}

async function scoreGraph(
  { prepared, session, reason }: Graph,
  input: ScoreInput,
): Promise<{ scores: ModelScores[]; failures: ModelFailure[] }> {
  const { manifests, inputs } = prepared;
  const scores = manifests.map(() => new Array<number | null>(input.count).fill(null));
  const failures = new Map<string, number>();
  const fail = (why: string, alerts: number) =>
    failures.set(why, (failures.get(why) ?? 0) + alerts);

  const vectors = inputs.includes("features") ? featureVectors(prepared, input) : null;
  const usable = Array.from({ length: input.count }, (_, i) => i)
    .filter((i) => vectors === null || vectors[i] !== null);
  if (usable.length < input.count) fail("a feature is missing", input.count - usable.length);
  if (session === null) {
    if (usable.length > 0) fail(reason, usable.length);
  } else {
    for (let at = 0; at < usable.length; at += RUN_MAX) {
      const alerts = usable.slice(at, at + RUN_MAX);
      try {
        const tensors = inputs.map((kind) => tensorOf(kind, alerts, vectors, input));
        // By place, not by name: a file that others have made has names of its own.
        const feeds = Object.fromEntries(session.inputNames.map((name, i) => [name, tensors[i]!]));
        const outputs = await session.run(feeds);
        const given = session.outputNames.map((name) => scoresIn(outputs[name]!, alerts.length));
        given.forEach((data, m) => alerts.forEach((alert, i) => scores[m]![alert] = data[i]!));
      } catch (error) {
        fail((error as Error).message, alerts.length);
      }
    }
  }
  return {
    scores: manifests.map(({ name, version }, m) => ({
      name,
      version,
      scores: scores[m]!,
    })),
    failures: [...failures].flatMap(([why, alerts]) =>
      manifests.map(({ name }) => ({ model: name, reason: why, alerts }))
    ),
  };
}

/** One vector an alert; null where it lacks a feature. Networks of a graph take the same features. */
function featureVectors(
  { manifests }: PreparedModel,
  { count, features }: ScoreInput,
): (Float32Array | null)[] {
  const { featureNames, featureNorms } = manifests[0]!;
  return Array.from({ length: count }, (_, i) => {
    const vector = Float32Array.from(
      featureNames!,
      (name) => (features.get(name)?.[i] ?? NaN) / (featureNorms?.[name] ?? 1),
    );
    return vector.some(Number.isNaN) ? null : vector;
  });
}

function tensorOf(
  kind: ModelInput,
  alerts: readonly number[],
  vectors: readonly (Float32Array | null)[] | null,
  { count, triplets }: ScoreInput,
): Tensor {
  const n = alerts.length;
  if (kind === "features") {
    const length = vectors![alerts[0]!]!.length;
    const data = new Float32Array(n * length);
    alerts.forEach((alert, i) => data.set(vectors![alert]!, i * length));
    return new Tensor("float32", data, [n, length]);
  }
  const size = triplets.length / count;
  const first = alerts[0]!;
  let data = triplets.subarray(first * size, (first + n) * size);
  if (alerts[n - 1] !== first + n - 1) { // Some between them are left out.
    data = new Float32Array(n * size);
    alerts.forEach((alert, i) =>
      data.set(triplets.subarray(alert * size, (alert + 1) * size), i * size)
    );
  }
  return new Tensor("float32", data, [n, 63, 63, 3]);
}

function scoresIn({ data, dims }: Tensor, count: number): Float32Array {
  if (!(data instanceof Float32Array) || data.length !== count) {
    throw new Error(`The network must give one score an alert: for ${count} it gives [${dims}]`);
  }
  return data;
}
