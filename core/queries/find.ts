import { z } from "zod";
import { defineQuery } from "../contract/query.ts";
import { CatalogName, Filter, Kwargs, Projection } from "./_inputs.ts";

const Input = z.object({
  query: z.object({ catalog: CatalogName, filter: Filter, projection: Projection }),
  kwargs: Kwargs,
});

/** `find`: all documents of a catalog that match a filter. */
export default defineQuery<z.output<typeof Input>>({
  name: "find",
  input: Input,
  run({ query: { catalog, filter, projection }, kwargs }, { archive }) {
    return { kind: "list", documents: archive.find(catalog, filter, { projection, ...kwargs }) };
  },
});
