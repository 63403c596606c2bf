/** A value that a JSON Schema takes: what its author gives as an example, or the simplest there is. */
import type { JsonSchema } from "./openapi_shared.ts";

export function exampleOf(schema: JsonSchema): unknown {
  if (Array.isArray(schema.examples)) return schema.examples[0];
  if ("const" in schema) return schema.const;
  if (Array.isArray(schema.enum)) return schema.enum[0];
  if (schema.default !== undefined) return schema.default;
  const [first] = alternativesOf(schema);
  if (first !== undefined) return exampleOf(first);
  switch (Array.isArray(schema.type) ? schema.type[0] : schema.type) {
    case "object":
      return exampleOfObject(schema);
    case "array": {
      if (Array.isArray(schema.prefixItems)) return schema.prefixItems.map(exampleOf);
      const item = exampleOf(asSchema(schema.items));
      return Array.from({ length: Number(schema.minItems ?? 1) || 1 }, () => item);
    }
    case "string":
      if (schema.format === "email") return "ann@example.org";
      return "text".padEnd(Number(schema.minLength ?? 0), "-long-enough");
    case "integer":
    case "number":
      return schema.minimum ?? 1;
    case "boolean":
      return true;
    case "null":
      return null;
  }
  return {};
}

/** By title where there are several forms of it, each with one. */
export function examplesOf(schema: JsonSchema): Record<string, { readonly value: unknown }> {
  const forms = alternativesOf(schema).filter(({ title }) => typeof title === "string");
  return forms.length > 0
    ? Object.fromEntries(forms.map((form) => [form.title, { value: exampleOf(form) }]))
    : { example: { value: exampleOf(schema) } };
}

export function alternativesOf(schema: JsonSchema): JsonSchema[] {
  const alternatives = schema.anyOf ?? schema.oneOf;
  return Array.isArray(alternatives) ? alternatives : [];
}

export function propertiesOf(schema: JsonSchema): [string, JsonSchema][] {
  return Object.entries(asSchema(schema.properties)) as [string, JsonSchema][];
}

export function isRequired(schema: JsonSchema, name: string): boolean {
  return Array.isArray(schema.required) && schema.required.includes(name);
}

export function asSchema(value: unknown): JsonSchema {
  return typeof value === "object" && value !== null ? value as JsonSchema : {};
}

/** What it needs, and what else its author has an example for. */
function exampleOfObject(schema: JsonSchema): Record<string, unknown> {
  return Object.fromEntries(
    propertiesOf(schema)
      .filter(([name, inner]) => isRequired(schema, name) || Array.isArray(inner.examples))
      .map(([name, inner]) => [name, exampleOf(inner)]),
  );
}
