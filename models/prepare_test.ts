// What can't be made ready says why, and costs nobody else their scores.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import type { ModelManifest } from "../core/contract/model.ts";
import { readKerasH5 } from "./keras_h5.ts";
import type { ModelSettings } from "./manifest.ts";
import { functional, manifestOf, ModelFolder, sequential } from "./model_folder_for_tests.ts";
import { type NaiveLayer, NaiveWeights } from "./naive_keras_for_tests.ts";
import { NetworkError } from "./network.ts";
import { writeHdf5 } from "./hdf5_file.ts";

const FEATURES = ["ra", "dec"] as const;
const TAKES: Partial<ModelSettings> = { triplet: false, feature_names: [...FEATURES] };

describe("prepareModels", () => {
  it("makes a network once, and then finds it", async () => {
    await using folder = await ModelFolder.make();
    await writeDense(folder, "net");
    const first = await folder.prepare([manifestOf("net", TAKES)]);
    assertEquals(first.failures, []);
    const { onnxPath } = first.ready[0]!;
    await Deno.writeTextFile(onnxPath, "as left");
    const again = await folder.prepare([manifestOf("net", TAKES)]);
    assertEquals(again.ready[0]!.onnxPath, onnxPath);
    assertEquals(await Deno.readTextFile(onnxPath), "as left");
    assertEquals([...Deno.readDirSync(folder.cacheDir)].length, 1); // Nothing half made.
  });

  it("makes it again for other weights, and for other inputs", async () => {
    await using folder = await ModelFolder.make();
    const paths = new Set<string>();
    for (const value of [1, 2]) {
      await writeDense(folder, "net", value);
      paths.add((await folder.prepare([manifestOf("net", TAKES)])).ready[0]!.onnxPath);
    }
    assertEquals(paths.size, 2);
  });

  it("can be posted to a worker", async () => {
    await using folder = await ModelFolder.make();
    await writeDense(folder, "net");
    const { ready } = await folder.prepare([manifestOf("net", TAKES)]);
    assertEquals(structuredClone(ready), ready);
  });

  it("refuses a file that isn't the one that was meant", async () => {
    await using folder = await ModelFolder.make();
    await writeDense(folder, "net");
    const reason = await reasonFor(folder, manifestOf("net", { ...TAKES, sha256: "0".repeat(64) }));
    assert(/SHA-256 must be 0{64}: current value is [0-9a-f]{64}/.test(reason), reason);
  });

  it("says where it looked, and how to get what isn't there", async () => {
    await using folder = await ModelFolder.make();
    const reason = await reasonFor(folder, manifestOf("net", TAKES));
    assert(reason.includes(folder.path("net.v1.h5")) && reason.includes("models fetch"), reason);
  });

  it("keeps what is well beside what is damaged, different, or missing", async () => {
    await using folder = await ModelFolder.make();
    await writeDense(folder, "one", 1);
    await writeDense(folder, "other", 2);
    await folder.write("wide", sequential([dense("wide", 1), dense("end", 1)], [2]), {
      ...weightsOf("wide", [2, 1], 1),
      ...weightsOf("end", [1, 1], 1),
    });
    await Deno.writeTextFile(folder.path("damaged.v1.h5"), "no network");
    const names = ["one", "damaged", "other", "wide", "missing"];
    const { ready, failures } = await folder.prepare(names.map((name) => manifestOf(name, TAKES)));
    assertEquals(ready.map(({ manifests }) => manifests.map(({ name }) => name)), [
      ["one", "other"],
      ["wide"],
    ]);
    assertEquals(failures.map(({ model }) => model).sort(), ["damaged", "missing"]);
  });

  it("says so where nothing can be kept", async () => {
    await using folder = await ModelFolder.make();
    await writeDense(folder, "net");
    await Deno.writeTextFile(folder.path("cache"), "a file where the folder should be");
    const reason = await reasonFor(folder, manifestOf("net", TAKES));
    assert(reason.length > 0);
  });

  it("refuses a network that takes something else than its entry says", async () => {
    await using folder = await ModelFolder.make();
    await writeDense(folder, "net");
    const wrong: Partial<ModelSettings>[] = [
      { triplet: false, feature_names: ["ra"] },
      { triplet: true },
      { triplet: true, feature_names: [...FEATURES] },
    ];
    for (const settings of wrong) {
      const reason = await reasonFor(folder, manifestOf("net", settings));
      assert(/it must take .*: it takes \[2\]$/.test(reason), reason);
    }
  });
});

describe("a network that we can't run", () => {
  const on = (layer: NaiveLayer) => sequential([layer, dense("end", 1)], [2]);
  const input: NaiveLayer = {
    class_name: "InputLayer",
    config: { name: "in", batch_input_shape: [null, 2] },
  };
  const call = (name: string) => [[name, 0, 0, {}] as const];
  const last = { ...dense("end", 1), inbound_nodes: [call("in")] };
  const nets = {
    'Layer "memory" (LSTM) is of a type': on({ class_name: "LSTM", config: { name: "memory" } }),
    'Layer "odd" (Activation) has an activation': on({
      class_name: "Activation",
      config: { name: "odd", activation: "mish" },
    }),
    'Layer "bare" (Dense) has no weights called kernel': on(dense("bare", 2)),
    'Layer "end" (Dense) has a kernel of shape [2,1]: it must be [2,9]': sequential(
      [dense("end", 9)],
      [2],
    ),
    'Layer "pool" (MaxPooling2D) must take an image: it is given the shape [2]': on({
      class_name: "MaxPooling2D",
      config: { name: "pool", pool_size: 2 },
    }),
    'Layer "twice" is called 2 times': functional([
      input,
      { ...dense("twice", 2), inbound_nodes: [call("in"), call("in")] },
      last,
    ], ["in"]),
    'takes the output of "nobody"': functional([
      input,
      { ...dense("end", 1), inbound_nodes: [call("nobody")] },
    ], ["in"]),
    'Layer "end" takes its own output': functional([
      input,
      { ...dense("end", 1), inbound_nodes: [call("end")] },
    ], ["in"]),
    "Cannot read a Keras model of class Other": { ...on(dense("x", 1)), class_name: "Other" },
  };
  for (const [reason, config] of Object.entries(nets)) {
    it(`says: ${reason}`, async () => {
      await using folder = await ModelFolder.make();
      await folder.write("net", config, weightsOf("end", [2, 1], 1));
      const told = await reasonFor(folder, manifestOf("net", TAKES));
      assert(told.includes(reason), told);
    });
  }
});

describe("a file that is no network", () => {
  it("is told from one that holds weights only", async () => {
    const bytes = await writeHdf5((file) => {
      file.create_group("dense");
    });
    await assertRejects(() => readKerasH5(bytes), NetworkError, "Save the whole model");
  });

  it("is told from one whose configuration isn't one", async () => {
    for (const config of ["{", "{}", '{"class_name": "Sequential", "config": {"layers": []}}']) {
      const bytes = await writeHdf5((file) => file.create_attribute("model_config", config));
      await assertRejects(() => readKerasH5(bytes), NetworkError);
    }
  });

  it("doesn't keep HDF5 walking in circles", async () => {
    const bytes = await writeHdf5((file) => file.create_attribute("model_config", "{}"));
    const heap = new TextDecoder("latin1").decode(bytes).indexOf("GCOL");
    assert(heap > 0);
    const view = new DataView(bytes.buffer, heap + 16); // The heap's first object.
    const whole = view.getBigUint64(8, true);
    for (const size of [-16n, 1n << 20n]) { // No way from here, and one out of the heap.
      view.setBigInt64(8, size, true);
      await assertRejects(() => readKerasH5(bytes), NetworkError, "its texts are damaged");
    }
    view.setBigUint64(8, whole, true);
    await assertRejects(() => readKerasH5(bytes), NetworkError, "configuration");
  });

  it("is refused wherever it is cut, and never worse than refused when bytes of it change", async () => {
    await using folder = await ModelFolder.make();
    await writeDense(folder, "net");
    const bytes = await Deno.readFile(folder.path("net.v1.h5"));
    const read = async (bytes: Uint8Array) => {
      try {
        await readKerasH5(bytes);
        return "read";
      } catch (error) {
        if (!(error instanceof NetworkError)) throw error;
        return "refused";
      }
    };
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), async (length) => {
        assertEquals(await read(bytes.slice(0, length)), "refused");
      }),
      { numRuns: 30 },
    );
    const change = fc.tuple(fc.nat(bytes.length - 1), fc.nat(255));
    await fc.assert(
      fc.asyncProperty(fc.array(change, { minLength: 1, maxLength: 50 }), async (changes) => {
        const damaged = bytes.slice();
        for (const [at, byte] of changes) damaged[at] = byte;
        await read(damaged);
      }),
      { numRuns: 60 },
    );
  });
});

async function reasonFor(folder: ModelFolder, manifest: ModelManifest): Promise<string> {
  const { ready, failures } = await folder.prepare([manifest]);
  assertEquals(ready, []);
  assertEquals(failures.map(({ model }) => model), [manifest.name]);
  return failures[0]!.reason;
}

function dense(name: string, units: number, config = {}): NaiveLayer {
  return { class_name: "Dense", config: { name, units, activation: "linear", ...config } };
}

function weightsOf(layer: string, shape: readonly [number, number], value: number) {
  const weights = new NaiveWeights(() => value);
  weights.of(dense(layer, shape[1]), "kernel", shape);
  weights.of(dense(layer, shape[1]), "bias", [shape[1]]);
  return weights.asKeras;
}

async function writeDense(folder: ModelFolder, name: string, value = 1): Promise<void> {
  await folder.write(
    name,
    sequential([dense("end", 1)], [FEATURES.length]),
    weightsOf("end", [FEATURES.length, 1], value),
  );
}
