import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { loadFolder } from "../../core/base/registry.ts";
import type { QueryDef } from "../../core/contract/query.ts";

const queries = await loadFolder<QueryDef<unknown>>(
  new URL("../../core/queries/", import.meta.url),
);

describe("each type of query", () => {
  it("is there", () => assert(queries.size >= 7));

  for (const [file, query] of queries) {
    it(`has the name of its file: ${file}`, () => assertEquals(query.name, file));

    it(`refuses what is no query, and doesn't break on it: ${file}`, () => {
      for (const nothing of [undefined, null, {}, [], "x", { query: null, kwargs: {} }]) {
        assertEquals(query.input.safeParse(nothing).success, false);
      }
    });
  }
});
