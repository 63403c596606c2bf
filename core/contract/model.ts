/** A model: what scores alerts. Its manifest says what it is fed; its file is as its author published it. */

export interface ModelManifest {
  /** The key of its score in `classifications`. */
  readonly name: string;
  readonly version: string;
  /** `.h5` (Keras), `.onnx`, or a folder that holds a Keras SavedModel; a path below the models' folder. */
  readonly file: string;
  /** Names of features, in the order the network takes them; null if it takes none. */
  readonly featureNames: readonly string[] | null;
  /** Divides a feature by the value at its name. */
  readonly featureNorms?: Readonly<Record<string, number>> | null;
  /** Whether it takes the 63 x 63 x 3 triplet of cutouts. */
  readonly triplet: boolean;
  /** In which order a network with two inputs takes them. */
  readonly order: readonly ("features" | "triplet")[];
  /** Where the file is published, for `kowalski models fetch`. */
  readonly url?: string | null;
  readonly sha256?: string | null;
  readonly license?: string | null;
}

/** The inputs for `count` alerts, back to back. */
export interface ScoreInput {
  readonly count: number;
  /** `count x 63 x 63 x 3` float32, channels last: science, template, difference. */
  readonly triplets: Float32Array;
  /** One vector of `count` values for each feature name. NaN where an alert lacks it. */
  readonly features: ReadonlyMap<string, Float64Array>;
}

/** Scores of one model: one for each alert; null where this model failed for that alert. */
export interface ModelScores {
  readonly name: string;
  readonly version: string;
  readonly scores: readonly (number | null)[];
}

/** Several networks of one thread. Never throws: a network that fails gives nulls and a message. */
export interface Scorer extends AsyncDisposable {
  readonly models: readonly ModelManifest[];
  score(input: ScoreInput): Promise<{ scores: ModelScores[]; failures: ModelFailure[] }>;
}

export interface ModelFailure {
  readonly model: string;
  readonly reason: string;
  readonly alerts: number;
}
