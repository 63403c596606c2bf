import { z } from "zod";
import { QueryError } from "../contract/query.ts";
import { defineOperation } from "../operation.ts";

/** What filters of a collection of alerts see. */
export default defineOperation({
  name: "filters_schema",
  permission: "read",
  input: z.object({ path: z.object({ catalog: z.string() }) }),
  run({ path: { catalog } }, { stores: { filterInsight } }) {
    const schema = filterInsight.schema(catalog);
    if (schema !== undefined) return { kind: "json", message: "", data: schema };
    throw new QueryError(`Cannot tell the fields of ${catalog} as its survey doesn't list them`);
  },
});
