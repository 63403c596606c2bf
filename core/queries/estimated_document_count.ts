import { z } from "zod";
import { defineQuery } from "../contract/query.ts";
import { CatalogName } from "./_inputs.ts";

const Input = z.object({ query: z.object({ catalog: CatalogName }) });

/** `estimated_document_count`: how many documents a catalog holds, by its metadata. */
export default defineQuery<z.output<typeof Input>>({
  name: "estimated_document_count",
  input: Input,
  async run({ query: { catalog } }, { archive }) {
    return { kind: "value", value: await archive.estimatedCount(catalog) };
  },
});
