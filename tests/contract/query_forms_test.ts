import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { loadFolder } from "../../core/base/registry.ts";
import type { QueryDef } from "../../core/contract/query.ts";
import { QUERY_FORMS, QueryForm } from "../../core/contract/query_forms.ts";
import { toJsonSchema } from "../../edge/openapi.ts";
import { exampleOf } from "../../edge/openapi_example.ts";

const folder = new URL("../../core/queries/", import.meta.url);
const queries = await loadFolder<QueryDef<unknown>>(folder);

describe("the forms of queries that are documented", () => {
  it("are those of all types that there are", () => {
    const told = QUERY_FORMS.map(({ shape }) => shape.query_type.value);
    assertEquals([...told].sort(), [...queries.keys()].sort());
  });

  for (const form of QUERY_FORMS) {
    const name = form.shape.query_type.value;

    it(`have an example that the query takes: ${name}`, () => {
      const example = exampleOf(toJsonSchema(form, "input")) as Record<string, unknown>;
      assert(QueryForm.safeParse(example).success);
      const { query, kwargs = {} } = example;
      const parsed = queries.get(name)!.input.safeParse({ query, kwargs });
      assert(parsed.success, String(parsed.error));
    });

    it(`say what the query needs: ${name}`, () => {
      const { query, kwargs = {} } = exampleOf(toJsonSchema(form, "input")) as Record<
        string,
        Record<string, unknown>
      >;
      const { required = [] } = toJsonSchema(form.shape.query, "input");
      for (const key of required as string[]) {
        const { [key]: _, ...without } = query!;
        if (name === "drop" && key === "confirm") continue; // Told with 403, when it runs.
        assert(!takes(name, { query: without, kwargs }), key);
      }
    });
  }
});

function takes(name: string, asked: unknown): boolean {
  try {
    return queries.get(name)!.input.safeParse(asked).success;
  } catch {
    return false; // Some say in their own words what is wrong.
  }
}
