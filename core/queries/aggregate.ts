import { z } from "zod";
import { defineQuery } from "../contract/query.ts";
import { CatalogName, Kwargs, Pipeline } from "./_inputs.ts";

const Input = z.object({
  query: z.object({ catalog: CatalogName, pipeline: Pipeline }),
  kwargs: Kwargs.pick({ hint: true }).extend({ allowDiskUse: z.boolean().default(true) }),
});

/** `aggregate`: what a pipeline of (allowed) stages makes of a catalog. */
export default defineQuery<z.output<typeof Input>>({
  name: "aggregate",
  input: Input,
  run({ query: { catalog, pipeline }, kwargs }, { archive }) {
    return { kind: "list", documents: archive.aggregate(catalog, pipeline, kwargs) };
  },
});
