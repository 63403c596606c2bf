/** The fields that a survey's filters see, as people read them and as checks of filters go by. */
import { z } from "zod";

/** As `$type` names them; `any` where it differs, or isn't known. An item of an array has its own field. */
export const FieldType = z.enum([
  "any",
  "array",
  "bool",
  "date",
  "double",
  "int",
  "long",
  "object",
  "objectId",
  "string",
]);
export type FieldType = z.output<typeof FieldType>;

export const FilterField = z.object({
  path: z.string().describe("As a filter names it: candidate.drb, prv_candidates.jd"),
  type: FieldType,
  unit: z.string().optional(),
  optional: z.boolean().optional().describe("It may be null or missing"),
  about: z.string(),
});
export type FilterField = z.output<typeof FilterField>;

/** What filters of a collection of alerts see: all of its fields, by path. */
export const FilterSchema = z.object({
  catalog: z.string(),
  ids: z.array(z.string()).describe("Fields that tell alerts and objects apart"),
  fields: z.array(FilterField),
});
export type FilterSchema = z.output<typeof FilterSchema>;

const LINE = /^(\S+) (\w+)(\?)?(?: \[([^\]]+)\])? (.+)$/;

/**
 * The fields of a table, one a line: `name type [unit] what it is`, with a `?` behind the type of what
 * may be missing. Their paths begin with `prefix`.
 */
export function filterFields(prefix: string, table: string): FilterField[] {
  return table.trim().split("\n").map((line) => {
    const [, name, type, mark, unit, about] = LINE.exec(line.trim()) ?? [];
    if (name === undefined) {
      throw new Error(`Cannot read a field as its line must be whole: ${line}`);
    }
    return {
      path: `${prefix}${name}`,
      type: FieldType.parse(type),
      ...unit !== undefined && { unit },
      ...mark !== undefined && { optional: true },
      about: about!,
    };
  });
}
