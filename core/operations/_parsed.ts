/** Bodies whose faults are told in words of their own before a schema's. */
import { z } from "zod";
import { QueryError } from "../contract/query.ts";

/** What the schema makes of the value. Throws `QueryError`, which never holds the value. */
export function parsed<T>(schema: z.ZodType<T>, value: unknown): T {
  const result = schema.safeParse(value);
  if (!result.success) throw new QueryError(`ValidationError: ${z.prettifyError(result.error)}`);
  return result.data;
}
