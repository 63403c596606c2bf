import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { loadSettings } from "../core/base/settings.ts";
import { edgeOptions } from "./options.ts";

const JWT_KEY = "j".repeat(32);
const EDGE_KEY = "e".repeat(32);
const settings = loadSettings({
  defaultsText: Deno.readTextFileSync(
    new URL("../deploy/settings.defaults.yaml", import.meta.url),
  ),
  env: {
    KOWALSKI_SERVER_JWT_SECRET_KEY: JWT_KEY,
    KOWALSKI_CORE_EDGE_KEY: EDGE_KEY,
    KOWALSKI_SERVER_JWT_EXP_DELTA_SECONDS: "3600",
    KOWALSKI_CORE_URLS: "[http://a:1, http://b:2]",
  },
});

describe("edgeOptions()", () => {
  it("takes what is the edge's from the settings", () => {
    const { onError: _, limits, penquinsVersions, about, ...options } = edgeOptions(
      settings,
      () => {},
    );
    assertEquals(options, {
      host: "127.0.0.1",
      port: 4000,
      cores: ["http://a:1", "http://b:2"],
      sharedSecret: EDGE_KEY,
      tokens: { keys: [JWT_KEY], algorithm: "HS256", lifetimeS: 3600 },
      proxies: 0,
      bodyBytesMax: 1048576,
    });
    assertEquals(about, {
      name: "Kowalski",
      version: "3.0.0",
      description: "A multi-survey alert broker and archive",
      contact: {},
    });
    assertEquals(limits.logIn.perMinute, settings.rate_limit.log_in.per_minute);
    assertEquals(penquinsVersions.includes("2.4.2"), true);
  });
});
