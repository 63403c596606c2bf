/** A JSON Schema as people read one: a list of fields, each with its type, and what it is for. */
import { type Html, markup, prose } from "./docs_html.ts";
import { alternativesOf, asSchema, isRequired, propertiesOf } from "./openapi_example.ts";
import type { JsonSchema } from "./openapi_shared.ts";

/** Deeper schemas are told by their type alone. */
const DEPTH_MAX = 6;

/** What a value may be, with its fields below. */
export function schemaHtml(schema: JsonSchema, depth = 0): Html {
  const single = singleOf(schema);
  return markup`<span class="type">${typeOf(schema)}</span>${limitsHtml(single)}${
    typeof single.description === "string" && markup` ${prose(single.description)}`
  }${depth < DEPTH_MAX && innerHtml(single, depth)}`;
}

function innerHtml(schema: JsonSchema, depth: number): Html | null {
  const alternatives = alternativesOf(schema).filter(isTelling);
  if (alternatives.length > 0) {
    const items = alternatives.map((each) => {
      const title = typeof each.title === "string" && markup`<b>${each.title}</b> `;
      return markup`<li>${title}${schemaHtml(each, depth + 1)}</li>`;
    });
    return markup`<ul class="alternatives">${items}</ul>`;
  }
  if (schema.type === "array") return innerHtml(singleOf(asSchema(schema.items)), depth);
  const others = asSchema(schema.additionalProperties);
  const fields = [
    ...propertiesOf(schema).map(([name, inner]) =>
      fieldHtml(name, inner, isRequired(schema, name), depth)
    ),
    ...isTelling(others) ? [fieldHtml("any name", others, false, depth)] : [],
  ];
  return fields.length === 0 ? null : markup`<dl>${fields}</dl>`;
}

function fieldHtml(name: string, schema: JsonSchema, required: boolean, depth: number): Html {
  return markup`<dt><code>${name}</code>${required && REQUIRED}</dt><dd>${
    schemaHtml(schema, depth + 1)
  }</dd>`;
}

export const REQUIRED = markup`<span class="required">required</span>`;

/** What it is where it isn't null. */
function singleOf(schema: JsonSchema): JsonSchema {
  const [only, ...others] = alternativesOf(schema).filter(({ type }) => type !== "null");
  if (only === undefined || others.length > 0) return schema;
  const { anyOf: _, oneOf: __, ...outer } = schema;
  return { ...only, ...outer };
}

/** Whether there is more to say of it than its type. */
function isTelling(schema: JsonSchema): boolean {
  return Object.entries(schema).some(([key, value]) => {
    switch (key) {
      case "items":
      case "additionalProperties":
        return isTelling(asSchema(value));
      case "properties":
        return Object.keys(asSchema(value)).length > 0;
      case "anyOf":
      case "oneOf":
        return alternativesOf(schema).some(isTelling);
    }
    return !UNTELLING.includes(key);
  });
}

const UNTELLING = ["type", "enum", "const", "format", "propertyNames", "prefixItems", "examples"];

/** In a few words. */
function typeOf(schema: JsonSchema): string {
  if ("const" in schema) return JSON.stringify(schema.const);
  if (Array.isArray(schema.enum)) {
    return schema.enum.map((each) => JSON.stringify(each)).join(" | ");
  }
  const alternatives = alternativesOf(schema);
  if (alternatives.length > 0) return [...new Set(alternatives.map(typeOf))].join(" or ");
  if (Array.isArray(schema.prefixItems)) return `[${schema.prefixItems.map(typeOf).join(", ")}]`;
  if (schema.type === "array") {
    const item = typeOf(asSchema(schema.items));
    return item === ANYTHING ? "list" : `list of ${item}`;
  }
  const type = schema.type === undefined ? ANYTHING : [schema.type].flat().join(" or ");
  return typeof schema.format === "string" ? `${type} (${schema.format})` : type;
}

const ANYTHING = "anything";

const LIMITS: readonly [key: string, text: string][] = [
  ["minimum", "≥ "],
  ["exclusiveMinimum", "> "],
  ["maximum", "≤ "],
  ["exclusiveMaximum", "< "],
  ["minLength", "characters ≥ "],
  ["maxLength", "characters ≤ "],
  ["minItems", "items ≥ "],
  ["maxItems", "items ≤ "],
  ["pattern", "matches "],
  ["default", "default "],
];

function limitsHtml(schema: JsonSchema): Html[] {
  // A format's pattern says the same as its name, at length.
  const isTold = (key: string) => key === "pattern" && schema.format !== undefined;
  return LIMITS.filter(([key]) => schema[key] !== undefined && !isTold(key)).map(([key, text]) => {
    const value = schema[key];
    const limit = typeof value === "string" ? value : JSON.stringify(value);
    return markup` <span class="limit">${text}${limit}</span>`;
  });
}
