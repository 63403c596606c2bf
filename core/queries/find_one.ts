import { z } from "zod";
import { defineQuery } from "../contract/query.ts";
import { CatalogName, Filter, Kwargs, Projection } from "./_inputs.ts";

const Input = z.object({
  query: z.object({ catalog: CatalogName, filter: Filter, projection: Projection }),
  kwargs: Kwargs,
});

/** `find_one`: one document of a catalog that matches a filter, or nothing. */
export default defineQuery<z.output<typeof Input>>({
  name: "find_one",
  input: Input,
  async run({ query: { catalog, filter, projection }, kwargs }, { archive }) {
    const found = archive.find(catalog, filter, { projection, ...kwargs, limit: 1 });
    for await (const [document] of found) {
      if (document) return { kind: "document", document };
    }
    return null;
  },
});
