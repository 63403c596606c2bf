import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { loadFolder } from "../../core/base/registry.ts";
import type { Route } from "../../edge/route.ts";

const folder = new URL("../../edge/routes/", import.meta.url);
const routes = [...await loadFolder<Route | readonly Route[]>(folder)]
  .flatMap(([file, routes]) => [routes].flat().map((route) => [file, route] as const));

/** A page, with its pieces beside it. */
const DOCS = "/docs/api/";

describe("each public path", () => {
  it("is served once", () => {
    const served = routes.map(([, { method, path }]) => `${method} ${path}`);
    assertEquals(new Set(served).size, served.length);
  });

  for (const [file, { method, path, access }] of routes) {
    it(`begins at the root and ends without a slash: ${method} ${path}, ${file}`, () => {
      if (path !== DOCS) assert(/^\/([^/]+(\/[^/]+)*)?$/.test(path), path);
    });

    it(`needs a user, or is one of the few that don't: ${method} ${path}, ${file}`, () => {
      if (access === "unchecked") assertEquals(path, "/healthz");
      if (access === "anyone") assert(path === "/api/auth" || path.startsWith("/docs/api"), path);
    });
  }
});
