import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { Validator } from "@seriousme/openapi-schema-validator";
import { z } from "zod";
import { loadFolder } from "../core/base/registry.ts";
import { PERMISSIONS } from "../core/contract/permissions.ts";
import { openApiOf, type Operation, toJsonSchema } from "./openapi.ts";
import { defineRoute, type Route } from "./route.ts";

/** What is not for people who write programs. */
const UNTOLD = [
  "GET /docs/api",
  "GET /docs/api/",
  "GET /docs/api/openapi.json",
  "GET /docs/api/style.css",
  "GET /docs/api/swagger.json",
  "GET /healthz",
];

const folder = new URL("./routes/", import.meta.url);
const routes = [...(await loadFolder<Route | readonly Route[]>(folder)).values()].flat();
const document = openApiOf(routes);
const operations: { name: string; operation: Operation; route: Route }[] = routes
  .filter(({ doc }) => doc !== null)
  .map((route) => {
    const path = route.path.replaceAll(/:(\w+)(\{[^}]*\})?/g, "{$1}");
    const operation = document.paths[path]?.[route.method.toLowerCase()];
    assert(operation !== undefined, path);
    return { name: `${route.method} ${route.path}`, operation, route };
  });

describe("openApiOf() of this edge's routes", () => {
  it("tells of every path but those that are left out on purpose", () => {
    const untold = routes.filter(({ doc }) => doc === null).map(({ method, path }) =>
      `${method} ${path}`
    );
    assertEquals(untold.sort(), UNTOLD);
  });

  it("is a document of OpenAPI 3.1", async () => {
    const { valid, errors } = await new Validator().validate(JSON.parse(JSON.stringify(document)));
    assert(valid, JSON.stringify(errors, null, 1));
    assertEquals(document.openapi, "3.1.0");
  });

  it("refers to nothing that isn't in it, and has no name twice", () => {
    const text = JSON.stringify(document);
    for (const [, path] of text.matchAll(/"\$ref":"#\/([^"]*)"/g)) {
      const found = path!.split("/").reduce<unknown>(
        (value, key) => (value as Record<string, unknown> | undefined)?.[key],
        document,
      );
      assert(found !== undefined, path);
    }
    const ids = operations.map(({ operation }) => operation.operationId);
    assertEquals(new Set(ids).size, ids.length);
  });

  for (const { name, operation, route } of operations) {
    const { doc, path, access, method } = route;

    it(`tells of all parts of the path, and of no others: ${name}`, () => {
      const parts = [...path.matchAll(/:(\w+)/g)].map(([, part]) => part!);
      assertEquals(Object.keys(doc?.params ?? {}).sort(), parts.sort());
    });

    it(`says what a token must be good for: ${name}`, () => {
      const schemes = operation.security.flatMap((each) => Object.keys(each));
      assertEquals(schemes, ["bearerAuth", "token"]);
      const rights = operation.security.flatMap((each) => Object.values(each).flat());
      if (access === "anyone") assertEquals([operation.security[0], ...rights], [{}]);
      else {
        assertEquals(rights, [access, access]);
        assert(PERMISSIONS.some((permission) => permission === access));
      }
    });

    it(`tells of the errors that any request may meet: ${name}`, () => {
      const told = Object.keys(operation.responses);
      const all = ["400", "429", "503", ...access === "anyone" ? [] : ["401", "403"]];
      for (const status of all) assert(told.includes(status), status);
      assertEquals(told.includes("413"), doc!.body !== undefined);
    });

    it(`has a section, a summary that is no sentence, and an example that it takes: ${name}`, () => {
      assert(document.tags.some(({ name }) => name === doc!.tag), doc!.tag);
      assert(/^[A-Z].*[^.]$/.test(doc!.summary), doc!.summary);
      if (doc!.body === undefined) return;
      assert(method !== "GET" && method !== "HEAD", "A body that no server gets");
      for (
        const { value } of Object.values(
          operation.requestBody!.content["application/json"].examples,
        )
      ) {
        const parsed = doc!.body.safeParse(value);
        assert(parsed.success, `${JSON.stringify(value)}: ${parsed.error}`);
      }
    });
  }
});

describe("the document, unlike the original's,", () => {
  // deno-lint-ignore no-explicit-any
  const paths = JSON.parse(JSON.stringify(document.paths)) as any;
  const bodyOf = (path: string, method: string) =>
    paths[path][method].requestBody.content["application/json"].schema;
  const formOf = (type: string) =>
    bodyOf("/api/queries", "post").anyOf
      .find((form: { title: string }) => form.title === type).properties;

  it("knows the command catalog_names, and a catalog by its name", () => {
    assert(formOf("info").query.properties.command.enum.includes("catalog_names"));
    assertEquals(formOf("info").query.properties.catalog.type, "string");
  });

  it("knows drop among the types of query", () => {
    assertEquals(formOf("drop").query_type.const, "drop");
  });

  it("has filter_id in the path, and any survey's catalog in a filter", () => {
    const [{ name, in: where }] = paths["/api/filters/{filter_id}"].get.parameters;
    assertEquals([name, where], ["filter_id", "path"]);
    assertEquals(bodyOf("/api/filters", "post").properties.catalog.enum, undefined);
  });

  it("has autosave as a switch or as settings", () => {
    const { anyOf } = bodyOf("/api/filters", "post").properties.autosave;
    assertEquals(anyOf.map(({ type }: { type: string }) => type).sort(), ["boolean", "object"]);
  });

  it("tells of the statuses that there are: 404 of skymaps, no 201 of triggers", () => {
    for (const method of ["get", "head", "delete"]) {
      assert("404" in paths["/api/skymap"][method].responses, method);
    }
    const { responses } = paths["/api/triggers/ztf"].put;
    assertEquals(["200", "201", "409"].map((status) => status in responses), [true, false, true]);
  });
});

describe("toJsonSchema()", () => {
  it("sets no limits to integers that only JavaScript has", () => {
    assertEquals(toJsonSchema(z.int(), "input"), { type: "integer" });
    assertEquals(toJsonSchema(z.int().min(3), "input"), { type: "integer", minimum: 3 });
    assertEquals(toJsonSchema(z.bigint(), "output"), { type: "integer", format: "int64" });
  });

  it("tells what may be sent, not what is made of it", () => {
    const schema = z.object({
      a: z.string().default("x"),
      b: z.string().transform((text) => text.length),
    });
    assertEquals(toJsonSchema(schema, "input").required, ["b"]);
    assertEquals(toJsonSchema(schema, "input").properties, {
      a: { type: "string", default: "x" },
      b: { type: "string" },
    });
  });
});

describe("openApiOf()", () => {
  const route = (more: Partial<NonNullable<Route["doc"]>>, path = "/a/:b{[0-9]+}") =>
    defineRoute({
      method: "PUT",
      path,
      access: "read",
      doc: { summary: "It", tag: "system", ...more },
      handle: (c) => c.text(""),
    });
  const operationOf = (...args: Parameters<typeof route>) =>
    Object.values(openApiOf([route(...args)]).paths)[0]!.put!;

  it("writes the names of a path as OpenAPI does", () => {
    assertEquals(Object.keys(openApiOf([route({})]).paths), ["/a/{b}"]);
    assertEquals(operationOf({}).parameters?.map(({ name, in: where }) => [name, where]), [
      ["b", "path"],
    ]);
  });

  it("needs what a schema doesn't do without", () => {
    const search = { must: z.string(), may: z.string().optional(), has: z.int().default(1) };
    assertEquals(
      operationOf({ search }, "/").parameters?.map(({ name, required }) => [name, required]),
      [["must", true], ["may", false], ["has", false]],
    );
    assertEquals(operationOf({ body: z.object({ a: z.string() }) }).requestBody?.required, true);
    assertEquals(operationOf({ body: z.object({}).optional() }).requestBody?.required, false);
  });

  it("puts data into the envelope; what is no envelope, or no JSON, stands for itself", () => {
    const contentOf = (doc: Parameters<typeof route>[0]) =>
      (operationOf(doc).responses[200] as { content: Record<string, { schema: unknown }> }).content;
    assertEquals(contentOf({ data: z.string() })["application/json"]!.schema, {
      type: "object",
      required: ["status", "data"],
      properties: {
        status: { const: "success" },
        message: { type: "string" },
        data: { type: "string" },
      },
    });
    const answer = z.object({ token: z.string() });
    assertEquals(contentOf({ answer })["application/json"]!.schema, toJsonSchema(answer, "output"));
    assertEquals(Object.keys(contentOf({ contentTypes: ["image/png"] })), ["image/png"]);
    assertEquals(Object.keys(contentOf({ data: z.string(), contentTypes: ["text/csv"] })), [
      "application/json",
      "text/csv",
    ]);
  });

  it("knows no status that it has no words for", () => {
    assertThrows(() => openApiOf([route({ statuses: [418] })]), Error, "418");
  });

  it("says whose system it is", () => {
    const about = { name: "Ours", version: "1", description: "A", contact: { email: "a@b.c" } };
    const { info } = openApiOf([route({})], about);
    assertEquals([info.title, info.version, info.contact], ["Ours", "1", { email: "a@b.c" }]);
  });
});
