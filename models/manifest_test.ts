// The keys that operators know from earlier versions, and what is told of wrong ones.
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { readSettings } from "../core/base/read_settings.ts";
import { ALLOWED_FEATURES, type ModelSettings, toManifest } from "./manifest.ts";

const manifest = (entry: Record<string, unknown>) =>
  toManifest("net", { version: "v2", ...entry } as ModelSettings);

describe("toManifest", () => {
  it("finds files by name, version and format, as earlier versions did", () => {
    assertEquals(manifest({ triplet: true }).file, "net.v2.h5");
    assertEquals(manifest({ triplet: true, format: "onnx" }).file, "net.v2.onnx");
    assertEquals(manifest({ triplet: true, format: "pb" }).file, "net.v2"); // A folder.
    assertEquals(manifest({ triplet: true, file: "published.h5" }).file, "published.h5");
  });

  it("takes no feature, some, or all", () => {
    assertEquals(manifest({ triplet: true, feature_names: false }).featureNames, null);
    assertEquals(manifest({ feature_names: ["drb", "age"] }).featureNames, ["drb", "age"]);
    assertEquals(manifest({ feature_names: true }).featureNames, ALLOWED_FEATURES);
    assertEquals(ALLOWED_FEATURES.length, 32);
  });

  it("gives the whole manifest", () => {
    const entry = {
      feature_names: ["drb"],
      feature_norms: { drb: 2 },
      triplet: true,
      order: ["triplet", "features"],
      url: "https://example.org/net.h5",
      sha256: "a".repeat(64),
      license: "MIT",
    };
    assertEquals(manifest(entry), {
      name: "net",
      version: "v2",
      file: "net.v2.h5",
      featureNames: ["drb"],
      featureNorms: { drb: 2 },
      triplet: true,
      order: ["triplet", "features"],
      url: "https://example.org/net.h5",
      sha256: "a".repeat(64),
      license: "MIT",
    });
  });

  const faults: Record<string, Record<string, unknown>> = {
    "must take feature_names, triplet, or both": {},
    "tripled": { triplet: true, tripled: true },
    "version": { triplet: true, version: "" },
    "feature_names": { feature_names: ["redshift"] },
    "feature_norms": { triplet: true, feature_norms: { drb: 0 } },
    "format": { triplet: true, format: "tflite" },
    "order": { triplet: true, feature_names: ["drb"], order: ["triplet"] },
    "sha256": { triplet: true, sha256: "abc" },
  };
  for (const [told, entry] of Object.entries(faults)) {
    it(`tells of a fault: ${told}`, () => {
      assertThrows(() => manifest(entry), Error, told);
    });
  }

  it("takes every network of the default settings", async () => {
    const { ml } = await readSettings({ env: {} });
    const manifests = Object.entries(ml.ZTF!.models)
      .map(([name, entry]) => toManifest(name, entry as ModelSettings));
    const names = ["braai", "acai_h", "acai_v", "acai_o", "acai_n", "acai_b", "bts"];
    assertEquals(manifests.map(({ name }) => name), names);
  });
});
