/** The settings' entry of our own network, which needs no download. */
import type { ModelSettings } from "../manifest.ts";

export const OWN_MODEL: { readonly name: string; readonly settings: ModelSettings } = {
  name: "rb_sim",
  settings: {
    version: "v1",
    triplet: true,
    feature_names: false,
    file: new URL("rb_sim.v1.h5", import.meta.url).pathname,
    sha256: "abe175fb4ea75a805b451b8f63b9351bc26f85fb7ef0c40bda6e2f49260e5f93",
    license: "MIT",
  },
};
