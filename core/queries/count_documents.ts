import { z } from "zod";
import { defineQuery } from "../contract/query.ts";
import { CatalogName, Filter, Kwargs } from "./_inputs.ts";

const Input = z.object({
  query: z.object({ catalog: CatalogName, filter: Filter }),
  kwargs: Kwargs,
});

/** `count_documents`: how many documents of a catalog match a filter, exactly. */
export default defineQuery<z.output<typeof Input>>({
  name: "count_documents",
  input: Input,
  async run({ query: { catalog, filter }, kwargs }, { archive }) {
    return { kind: "value", value: await archive.count(catalog, filter, kwargs) };
  },
});
