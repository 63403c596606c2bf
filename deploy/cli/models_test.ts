/** `kowalski models` as operators meet it: each test runs it as a program, on networks of its own. */
import assert from "node:assert/strict";
import { createHash } from "node:crypto";
import { describe, it } from "@std/testing/bdd";
import { stringify } from "yaml";
import { ModelFolder, sequential } from "../../models/model_folder_for_tests.ts";
import type { ModelSettings } from "../../models/manifest.ts";

const MAIN = new URL("./main.ts", import.meta.url).pathname;
const CONFIG = new URL("../../deno.json", import.meta.url).pathname;
/** Nobody listens there: the port is that of "discard". */
const NOWHERE = "http://127.0.0.1:9/net.h5";

describe("kowalski models", () => {
  it("lists each network with its inputs, and whether its file is there and right", async () => {
    await using folder = await folderWith("good", "other");
    const { code, out } = await models(folder, ["list"], {
      good: { sha256: sha256Of(await Deno.readFile(folder.path("good.v1.h5"))) },
      other: { sha256: "0".repeat(64) },
      gone: {},
    });
    assert.equal(code, 1);
    assert.match(out, /^good v1 +2 features +is there, SHA-256 [0-9a-f]{64}$/m);
    assert.match(out, /^other v1 +2 features +must have SHA-256 0{64}$/m);
    assert.match(out, /^gone v1 +2 features +is not there: .*gone\.v1\.h5$/m);
  });

  it("runs them, and tells the time for one alert", async () => {
    await using folder = await folderWith("one", "two");
    const { code, out } = await models(folder, ["check", "one", "two", "--json"], {
      one: {},
      two: {},
    });
    assert.equal(code, 0, out);
    const results = JSON.parse(out) as { model: string; score: number; msPerAlert: number }[];
    assert.deepEqual(results.map(({ model, score }) => [model, score]), [["one", 7], ["two", 7]]);
    assert.ok(results.every(({ msPerAlert }) => msPerAlert > 0));
  });

  it("converts what it can, and says why not the rest", async () => {
    await using folder = await folderWith("one", "two");
    await Deno.writeTextFile(folder.path("damaged.v1.h5"), "no network");
    const { code, out } = await models(folder, ["convert", "one", "two", "damaged"], {
      one: {},
      two: {},
      damaged: {},
    });
    assert.equal(code, 1);
    assert.match(out, /^one v1 .*\.onnx, one graph of 2 networks$/m);
    assert.match(out, /^damaged v1 +Cannot read the HDF5 file: file signature not found$/m);
  });

  it("fetches those that aren't there, and leaves the others", async () => {
    await using folder = await folderWith("here");
    const bytes = new Uint8Array([1, 2, 3]);
    await using server = Deno.serve(
      { hostname: "127.0.0.1", port: 0, onListen: () => {} },
      () => new Response(bytes),
    );
    const url = `http://127.0.0.1:${server.addr.port}/net.h5`;
    const entries = { here: { url }, away: { url } };
    const { code, out } = await models(folder, ["fetch", "here", "away"], entries);
    assert.equal(code, 0, out);
    assert.match(out, /^here v1 +was there/m);
    assert.match(out, /^away v1 +is fetched/m);
    assert.deepEqual(await Deno.readFile(folder.path("away.v1.h5")), bytes);
  });

  it("says what to do where nothing can be fetched", async () => {
    await using folder = await ModelFolder.make();
    const { code, out } = await models(folder, ["fetch", "net"], { net: { url: NOWHERE } });
    assert.equal(code, 1);
    assert.match(out, /Without it: get http:\S+ elsewhere, and put it at .*net\.v1\.h5$/m);
  });

  it("prints the usage for what it can't take", async () => {
    await using folder = await ModelFolder.make();
    for (const args of [[], ["look"], ["check", "nobody"], ["fetch", "--agian"]]) {
      const { code, error } = await models(folder, args, {});
      assert.equal(code, 2, args.join(" "));
      assert.match(error, /Usage: deno task kowalski models/);
    }
  });
});

/** A folder of networks that take two features, and give 7 where both are zero. */
async function folderWith(...names: string[]): Promise<ModelFolder> {
  const folder = await ModelFolder.make();
  const net = sequential([{ class_name: "Dense", config: { name: "end", units: 1 } }], [2]);
  for (const name of names) {
    await folder.write(name, net, {
      end: {
        kernel: { shape: [2, 1], data: Float32Array.of(1, 1) },
        bias: { shape: [1], data: Float32Array.of(7) },
      },
    });
  }
  return folder;
}

/** Runs the command with these networks in settings, beside the default ones. */
async function models(
  folder: ModelFolder,
  args: string[],
  entries: Record<string, Partial<ModelSettings>>,
): Promise<{ code: number; out: string; error: string }> {
  const config = folder.path("settings.yaml");
  const full = Object.entries(entries).map(([name, entry]) => [
    name,
    { version: "v1", feature_names: ["ra", "dec"], ...entry },
  ]);
  await Deno.writeTextFile(
    config,
    stringify({
      core: { models_dir: folder.modelsDir, data_dir: folder.path("data") },
      ml: { ZTF: { models: Object.fromEntries(full) } },
    }),
  );
  const { code, stdout, stderr } = await new Deno.Command(Deno.execPath(), {
    args: [
      ...["run", "-A", "--quiet", "--no-check", "--config", CONFIG, MAIN],
      ...["models", ...args, "--config", config],
    ],
  }).output();
  const text = new TextDecoder();
  return { code, out: text.decode(stdout), error: text.decode(stderr) };
}

function sha256Of(bytes: Uint8Array): string {
  return createHash("sha256").update(bytes).digest("hex");
}
