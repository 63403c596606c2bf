/**
 * From the text of an Avro schema to functions that read its records. The surveys' schemas break
 * Avro's rules (defaults of the wrong type, a field declared twice), so they are mended first.
 */
import { type Schema, Type, types } from "avsc";
import type { AvroRecord } from "../contract/survey.ts";
import { type AvroCursor, DecodeError } from "./avro_cursor.ts";

export interface RecordReaders {
  readonly read: (cursor: AvroCursor) => AvroRecord;
  /** Reads a record up to its object id and no further; null where it has none. */
  readonly readObjectId: ((cursor: AvroCursor) => string) | null;
}

/** The names surveys give the field that holds the object id. */
const OBJECT_ID_FIELDS = ["objectId", "objectid"];

/** Throws a `DecodeError` for a text that isn't the schema of a record. */
export function compileSchema(text: string): RecordReaders {
  try {
    const options = { registry: {}, wrapUnions: true };
    return new Compiler().compile(Type.forSchema(mend(JSON.parse(text)) as Schema, options));
  } catch (error) {
    if (error instanceof DecodeError) throw error;
    throw new DecodeError(`Cannot read the packet's schema: ${(error as Error).message}`);
  }
}

const AGAIN = "__declared_again_";

/** Without defaults, which only matter to writers, and with each field's name its own within its record. */
function mend(schema: unknown): unknown {
  if (Array.isArray(schema)) return schema.map(mend);
  if (typeof schema !== "object" || schema === null) return schema;
  const { default: _, aliases: __, logicalType: ___, ...rest } = schema as Record<string, unknown>;
  for (const key of ["type", "items", "values"]) {
    if (key in rest) rest[key] = mend(rest[key]);
  }
  if (Array.isArray(rest.fields)) {
    const names = new Set<unknown>();
    rest.fields = rest.fields.map((field, i) => {
      const mended = mend(field) as { name: string };
      if (names.has(mended.name)) return { ...mended, name: `${mended.name}${AGAIN}${i}` };
      names.add(mended.name);
      return mended;
    });
  }
  return rest;
}

/**
 * Writes one JavaScript function for each record type, its fields spelt out in an object literal: so
 * all records of a type share one hidden class, which makes reading them, and all that comes after,
 * several times faster than setting keys in a loop. All that goes into the code is names that avsc
 * has found to be identifiers.
 */
class Compiler {
  readonly #functions: string[] = [];
  readonly #names = new Map<Type, string>();

  compile(root: Type): RecordReaders {
    if (!isRecord(root)) {
      throw new DecodeError(`Cannot read a packet of ${root.typeName}: it must be a record`);
    }
    const read = this.#expression(root);
    const at = root.fields.findIndex(({ name, type }) =>
      OBJECT_ID_FIELDS.includes(name) && type.typeName === "string"
    );
    const before = root.fields.slice(0, at).map(({ type }) => this.#expression(type));
    const objectId = at < 0 ? "null" : `(c) => (${[...before, "c.string()"].join(", ")})`;
    const code = [
      '"use strict";',
      ...this.#functions,
      `return { read: (c) => ${read}, readObjectId: ${objectId} };`,
    ];
    return new Function(code.join("\n"))();
  }

  /** Code that reads one value of this type from the cursor `c`. */
  #expression(type: Type): string {
    switch (type.typeName) {
      case "int":
      case "long":
        return "c.long()";
      case "float":
      case "double":
      case "boolean":
      case "string":
      case "bytes":
        return `c.${type.typeName}()`;
      case "fixed":
        return `c.fixed(${atLeastOne(type, (type as types.FixedType).size)})`;
      case "enum": {
        const { symbols } = type as types.EnumType;
        return `${JSON.stringify(symbols)}[c.index(${symbols.length})]`;
      }
      case "array":
        return `c.array((c) => ${this.#expression((type as types.ArrayType).itemsType)})`;
      case "map":
        return `c.map((c) => ${this.#expression((type as types.MapType).valuesType)})`;
      case "union:wrapped":
        return this.#union(type as types.WrappedUnionType);
      case "record":
      case "error":
        return `${this.#record(type as types.RecordType)}(c)`;
      default:
        // `null` on its own takes no bytes: an array of it could be of any length.
        throw new DecodeError(`Cannot read a value of type ${type.typeName}`);
    }
  }

  #union({ types: branches }: types.WrappedUnionType): string {
    const values = branches.map((branch) =>
      branch.typeName === "null" ? "null" : this.#expression(branch)
    );
    const [first, second] = values;
    if (values.length === 2) return `(c.index(2) === 0 ? ${first} : ${second})`;
    return `[${values.map((value) => `(c) => ${value}`).join(", ")}][c.index(${values.length})](c)`;
  }

  #record(type: types.RecordType): string {
    const known = this.#names.get(type);
    if (known !== undefined) return known;
    const name = `record${this.#names.size}`;
    this.#names.set(type, name); // Before its fields, since a record may hold its own kind.
    atLeastOne(type, type.fields.length);
    const fields = type.fields.map((field) => {
      const publicName = field.name.replace(new RegExp(`${AGAIN}\\d+$`), "");
      // In an object literal this would be the prototype.
      if (publicName === "__proto__") throw new DecodeError("Cannot read a field named __proto__");
      return `${JSON.stringify(publicName)}: ${this.#expression(field.type)}`;
    });
    // Where a name comes twice, JavaScript keeps its first place and its last value.
    this.#functions.push(`function ${name}(c) { return { ${fields.join(", ")} }; }`);
    return name;
  }
}

/** Every value takes a byte at least: then a packet can't hold more values than bytes. */
function atLeastOne(type: Type, size: number): number {
  if (size > 0) return size;
  throw new DecodeError(`Cannot read a ${type.typeName} of no bytes`);
}

function isRecord(type: Type): type is types.RecordType {
  return type.typeName === "record";
}
