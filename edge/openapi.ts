/** What the routes say of themselves, as one document of OpenAPI 3.1. */
import { z } from "zod";
import { examplesOf } from "./openapi_example.ts";
import { errorResponse, type JsonSchema, SHARED } from "./openapi_shared.ts";
import type { Route, RouteDoc } from "./route.ts";

/** Whose system it is. */
export interface About {
  readonly name: string;
  readonly version: string;
  readonly description: string;
  readonly contact?: { readonly name?: string; readonly email?: string };
}

export interface OpenApi {
  readonly openapi: "3.1.0";
  readonly info: Omit<About, "name"> & {
    readonly title: string;
    readonly license: { readonly name: string; readonly identifier: string };
  };
  readonly tags: readonly { readonly name: string; readonly description: string }[];
  readonly paths: Readonly<Record<string, Readonly<Record<string, Operation>>>>;
  readonly components: {
    readonly schemas: Readonly<Record<string, JsonSchema>>;
    readonly responses: Readonly<Record<string, unknown>>;
    readonly headers: Readonly<Record<string, unknown>>;
    readonly securitySchemes: Readonly<Record<string, unknown>>;
  };
}

export interface Operation {
  readonly operationId: string;
  readonly tags: readonly string[];
  readonly summary: string;
  readonly description?: string;
  readonly security: readonly Readonly<Record<string, readonly string[]>>[];
  readonly parameters?: readonly Parameter[];
  readonly requestBody?: {
    readonly required: boolean;
    readonly content: {
      readonly "application/json": { readonly schema: JsonSchema; readonly examples: Examples };
    };
  };
  readonly responses: Readonly<Record<string, unknown>>;
}

type Examples = ReturnType<typeof examplesOf>;

export interface Parameter {
  readonly name: string;
  readonly in: "path" | "query";
  readonly required: boolean;
  readonly description?: string;
  readonly schema: JsonSchema;
}

/** What any Kowalski is, where nobody says more. */
const ABOUT: About = {
  name: "Kowalski",
  version: "3.0.0",
  description: "A multi-survey alert broker and archive",
};

/** In the order in which people meet them. */
const TAGS: Readonly<Record<string, string>> = {
  system: "Whether it is there, and what it can do",
  auth: "Log-in",
  users: "People, programs, and their tokens",
  queries: "All that is read of the archive",
  filters: "What is told of new alerts, and to whom",
  cutouts: "The images of an alert",
  classifications: "Labels and scores of alerts",
  skymap: "Regions of the sky that something was localised to",
  triggers: "Requests to ZTF's telescope",
  "mma-triggers": "Requests to ZTF's telescope, after messengers other than light",
};

const known = new WeakMap<
  readonly Route[],
  { readonly about: About; readonly document: OpenApi }
>();

/** Made once for the same routes of the same system. */
export function openApiOf(routes: readonly Route[], about: About = ABOUT): OpenApi {
  const last = known.get(routes);
  if (last?.about === about) return last.document;
  const document = makeDocument(routes, about);
  known.set(routes, { about, document });
  return document;
}

function makeDocument(routes: readonly Route[], { name, ...about }: About): OpenApi {
  const paths: Record<string, Record<string, Operation>> = {};
  const order = Object.keys(TAGS);
  const told = routes.flatMap((route) => route.doc === null ? [] : [{ ...route, doc: route.doc }])
    .sort((a, b) => order.indexOf(a.doc.tag) - order.indexOf(b.doc.tag));
  for (const route of told) {
    const methods = paths[toTemplate(route.path)] ??= {};
    methods[route.method.toLowerCase()] = toOperation(route, route.doc);
  }
  const used = new Set(told.map(({ doc }) => doc.tag));
  return {
    openapi: "3.1.0",
    info: { title: name, ...about, license: { name: "MIT", identifier: "MIT" } },
    tags: order.filter((tag) => used.has(tag))
      .map((tag) => ({ name: tag, description: TAGS[tag]! })),
    paths,
    components: SHARED,
  };
}

/** `/a/:b{[0-9]+}` is `/a/{b}` here. */
function toTemplate(path: string): string {
  return path.replaceAll(/:(\w+)(\{[^}]*\})?/g, "{$1}");
}

function namesIn(path: string): string[] {
  return [...path.matchAll(/:(\w+)/g)].map(([, name]) => name!);
}

function toOperation({ method, path, access }: Route, doc: RouteDoc): Operation {
  const parameters = [
    ...namesIn(path).map((name) => toParameter("path", name, doc.params?.[name] ?? z.string())),
    ...Object.entries(doc.search ?? {}).map(([name, schema]) => toParameter("query", name, schema)),
  ];
  return {
    operationId: [method.toLowerCase(), ...path.match(/\w+/g) ?? ["root"]].join("_"),
    tags: [doc.tag],
    summary: doc.summary,
    ...doc.description !== undefined && { description: doc.description },
    security: toSecurity(access),
    ...parameters.length > 0 && { parameters },
    ...doc.body !== undefined && { requestBody: toRequestBody(doc.body) },
    responses: toResponses(method, access, doc),
  };
}

function toRequestBody(body: z.ZodType): NonNullable<Operation["requestBody"]> {
  const schema = toJsonSchema(body, "input");
  return {
    required: !isOptional(body),
    content: { "application/json": { schema, examples: examplesOf(schema) } },
  };
}

/** One of two headers, which are the same header; with what the token must be good for. */
function toSecurity(access: Route["access"]): Operation["security"] {
  if (access === "unchecked") return [];
  if (access === "anyone") return [{}, { bearerAuth: [] }, { token: [] }];
  return [{ bearerAuth: [access] }, { token: [access] }];
}

function toParameter(where: "path" | "query", name: string, type: z.ZodType): Parameter {
  const { description, ...schema } = toJsonSchema(type, "input");
  return {
    name,
    in: where,
    required: where === "path" || !isOptional(type),
    ...typeof description === "string" && { description },
    schema,
  };
}

function toResponses(
  method: Route["method"],
  access: Route["access"],
  doc: RouteDoc,
): Record<string, unknown> {
  const hasUser = access !== "unchecked" && access !== "anyone";
  const statuses = [
    400,
    ...hasUser ? [401, 403] : [],
    ...doc.body === undefined ? [] : [413],
    429,
    503,
    ...doc.statuses ?? [],
  ].sort();
  return {
    200: {
      description: "As asked",
      headers: { "x-request-id": { $ref: "#/components/headers/RequestId" } },
      ...method !== "HEAD" && { content: toContent(doc) },
    },
    ...Object.fromEntries(statuses.map((status) => [status, errorResponse(status)])),
  };
}

function toContent({ answer, data, contentTypes = [] }: RouteDoc): Record<string, unknown> {
  const isJson = contentTypes.length === 0 || answer !== undefined || data !== undefined;
  return {
    ...isJson && {
      "application/json": {
        schema: answer === undefined ? envelopeOf(data) : toJsonSchema(answer, "output"),
      },
    },
    ...Object.fromEntries(contentTypes.map((type) => [type, {}])),
  };
}

function envelopeOf(data: z.ZodType | undefined): JsonSchema {
  return {
    type: "object",
    required: ["status", ...data === undefined || isOptional(data) ? [] : ["data"]],
    properties: {
      status: { const: "success" },
      message: { type: "string" },
      ...data !== undefined && { data: toJsonSchema(data, "output") },
    },
  };
}

function isOptional(schema: z.ZodType): boolean {
  return schema.safeParse(undefined).success;
}

/** `input`: what may be sent. What no JSON Schema can say of a schema, it leaves open. */
export function toJsonSchema(schema: z.ZodType, io: "input" | "output"): JsonSchema {
  const { $schema: _, "~standard": __, ...json } = z.toJSONSchema(schema, {
    io,
    unrepresentable: "any",
    override({ zodSchema, jsonSchema }) {
      const type = zodSchema._zod.def.type;
      if (type === "bigint") Object.assign(jsonSchema, { type: "integer", format: "int64" });
      // Ids of 64 bits are read exactly, whatever JavaScript's own numbers can hold.
      if (jsonSchema.minimum === Number.MIN_SAFE_INTEGER) delete jsonSchema.minimum;
      if (jsonSchema.maximum === Number.MAX_SAFE_INTEGER) delete jsonSchema.maximum;
    },
  });
  return json;
}
