/**
 * Reads a trained network from a Keras SavedModel (Keras 2): the layers from `keras_metadata.pb`,
 * the weights from `variables/`, and which is whose from the checkpoint's graph of objects. The
 * computation in `saved_model.pb` itself is not needed.
 */
import { crc32c, unmasked } from "./crc32c.ts";
import { readKerasConfig } from "./keras_config.ts";
import { type Network, NetworkError, type Weights } from "./network.ts";
import { Cursor, readTable } from "./table_file.ts";
import {
  type BundleEntry,
  decodeBundleEntry,
  decodeObjectGraph,
  decodeSavedMetadata,
  type SavedObject,
  type TrackableObject,
} from "./tensorflow_proto.ts";

/** Read first: they tell which data files there are. */
const FILES = ["keras_metadata.pb", "variables/variables.index"] as const;

/** Gives a file's bytes by its path below the model's folder; undefined where there is none. */
export type ReadFile = (path: string) => Promise<Uint8Array | undefined>;

/** Throws a `NetworkError` for what is missing, cut short, damaged or not from Keras 2. */
export async function readSavedModel(readFile: ReadFile): Promise<Network> {
  const [metadata, index] = await Promise.all(FILES.map(readFile));
  if (metadata === undefined) {
    throw new NetworkError(
      "The folder has no keras_metadata.pb: only a SavedModel that Keras 2 wrote can be read",
    );
  }
  if (index === undefined) throw new NetworkError("The folder has no variables/variables.index");
  const objects = parsed("keras_metadata.pb", () => decodeSavedMetadata(metadata));
  const config = objects.find(({ nodePath }) => nodePath === "root")?.metadata;
  if (config === undefined) throw new NetworkError("keras_metadata.pb describes no model");
  const checkpoint = await Checkpoint.open(index, readFile);
  const weights = new Map(
    objects.filter(isLayer).map((object) => [layerName(object), checkpoint.weightsOf(object)]),
  );
  return readKerasConfig(config, (layer) => weights.get(layer) ?? new Map());
}

function isLayer({ nodePath, identifier }: SavedObject): boolean {
  return /^root\.layer(_with_weights)?-\d+$/.test(nodePath) && identifier.startsWith("_tf_keras");
}

function layerName({ metadata }: SavedObject): string {
  const { name } = parsed("keras_metadata.pb", () => JSON.parse(metadata));
  return String(name);
}

const GRAPH_KEY = "_CHECKPOINTABLE_OBJECT_GRAPH";
/** The dtype code of float32. */
const DT_FLOAT = 1;
const DT_STRING = 7;

class Checkpoint {
  readonly #entries: ReadonlyMap<string, BundleEntry>;
  readonly #shards: readonly Uint8Array[];
  readonly #graph: readonly TrackableObject[];

  private constructor(entries: ReadonlyMap<string, BundleEntry>, shards: readonly Uint8Array[]) {
    this.#entries = entries;
    this.#shards = shards;
    this.#graph = parsed("object graph", () => decodeObjectGraph(this.#text(GRAPH_KEY)));
  }

  static async open(index: Uint8Array, readFile: ReadFile): Promise<Checkpoint> {
    const table = readTable(index);
    table.delete(""); // The header: how many shards, which we see from the entries.
    const entries = new Map(
      [...table].map(([key, value]) => [
        key,
        parsed(`entry ${key}`, () => decodeBundleEntry(value)),
      ]),
    );
    const count = 1 + Math.max(0, ...[...entries.values()].map(({ shardId }) => shardId));
    const shards = await Promise.all(
      Array.from({ length: count }, async (_, shard) => {
        const path = `variables/variables.data-${fiveDigits(shard)}-of-${fiveDigits(count)}`;
        const bytes = await readFile(path);
        if (bytes === undefined) throw new NetworkError(`The folder has no ${path}`);
        return bytes;
      }),
    );
    return new Checkpoint(entries, shards);
  }

  /** The variables that hang on a layer, by their names in Keras. */
  weightsOf({ nodePath }: SavedObject): Map<string, Weights> {
    const layer = nodePath.split(".").slice(1).reduce(
      (object: TrackableObject | undefined, name) => object && this.#child(object, name),
      this.#graph[0],
    );
    const weights = new Map<string, Weights>();
    for (const { localName } of layer?.children ?? []) {
      const variable = this.#child(layer!, localName);
      const value = variable?.attributes.find(({ name }) => name === "VARIABLE_VALUE");
      if (value !== undefined) weights.set(localName, this.#floats(value.checkpointKey));
    }
    return weights;
  }

  #child(object: TrackableObject, name: string): TrackableObject | undefined {
    const child = object.children.find(({ localName }) => localName === name);
    return child && this.#graph[child.nodeId];
  }

  #floats(key: string): Weights {
    const { dtype, shape } = this.#entry(key);
    if (dtype !== DT_FLOAT) {
      throw new NetworkError(`Variables must be float32 (1): ${key} has type ${dtype}`);
    }
    const bytes = this.#bytes(key).slice(); // Float32Array wants an offset divisible by four.
    const dims = shape?.dim.map(({ size }) => size) ?? [];
    if (dims.reduce((product, size) => product * size, 4) !== bytes.length) {
      throw new NetworkError(
        `Variable ${key} of shape [${dims}] cannot have ${bytes.length} bytes`,
      );
    }
    if (crc32c(bytes) !== unmasked(this.#entry(key).crc32c)) throw damaged(key);
    return { shape: dims, data: new Float32Array(bytes.buffer) };
  }

  /** A scalar of text: its length, the length's checksum (4 bytes), its bytes. */
  #text(key: string): Uint8Array {
    if (this.#entry(key).dtype !== DT_STRING) throw new NetworkError(`${key} must be text`);
    const cursor = new Cursor(this.#bytes(key));
    const length = cursor.varint();
    const lengthChecksum = cursor.take(4);
    const text = cursor.take(length);
    // The text's own checksum is of its length as four bytes, and of what follows.
    const checked = new Uint8Array([...littleEndian(length), ...lengthChecksum, ...text]);
    if (crc32c(checked) !== unmasked(this.#entry(key).crc32c)) throw damaged(key);
    return text;
  }

  #entry(key: string): BundleEntry {
    const entry = this.#entries.get(key);
    if (entry === undefined) throw new NetworkError(`The variables' index has no ${key}`);
    return entry;
  }

  #bytes(key: string): Uint8Array {
    const { shardId, offset, size } = this.#entry(key);
    const bytes = this.#shards[shardId]!.subarray(offset, offset + size);
    if (bytes.length < size) {
      throw new NetworkError(`The variables are cut short: ${key} is missing`);
    }
    return bytes;
  }
}

function damaged(key: string): NetworkError {
  return new NetworkError(`Variable ${key} is damaged: it doesn't match its checksum`);
}

function littleEndian(number: number): Uint8Array {
  return new Uint8Array(Uint32Array.of(number).buffer);
}

function parsed<Result>(what: string, parse: () => Result): Result {
  try {
    return parse();
  } catch (error) {
    if (error instanceof NetworkError) throw error;
    throw new NetworkError(
      `Cannot read ${what}: ${error instanceof Error ? error.message : error}`,
    );
  }
}

function fiveDigits(number: number): string {
  return String(number).padStart(5, "0");
}
