import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { loadFolder } from "../../core/base/registry.ts";
import type { Route } from "../../edge/route.ts";

const routes = [
  ...(await loadFolder<Route>(new URL("../../edge/routes/", import.meta.url))).entries(),
];

describe("each public path", () => {
  it("is served by one file", () => {
    const served = routes.map(([, { method, path }]) => `${method} ${path}`);
    assertEquals(new Set(served).size, served.length);
  });

  for (const [file, { path, access }] of routes) {
    it(`begins at the root and ends without a slash: ${file}`, () => {
      assert(/^\/([^/]+(\/[^/]+)*)?$/.test(path), path);
    });

    it(`needs a user, or is one of the few that don't: ${file}`, () => {
      if (access === "unchecked") assertEquals(path, "/healthz");
      if (access === "anyone") assertEquals(path, "/api/auth");
    });
  }
});
