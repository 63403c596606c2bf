import { z } from "zod";
import { shortText } from "../contract/json.ts";
import { defineQuery, QueryError } from "../contract/query.ts";
import { CatalogName, field } from "./_inputs.ts";

const COMMANDS = ["catalog_names", "catalog_info", "index_info", "db_info"] as const;

const Input = z.object({
  query: z.object({
    command: field((command) => {
      const known = COMMANDS.find((name) => name === command);
      if (known !== undefined) return known;
      const names = COMMANDS.map((name) => `'${name}'`).join(", ");
      throw new QueryError(`KeyError: "command ${shortText(command)} not in (${names})"`);
    }),
    catalog: CatalogName.optional(),
  }),
});

/** `info`: which catalogs there are, and what MongoDB tells of one, or of all. */
export default defineQuery<z.output<typeof Input>>({
  name: "info",
  input: Input,
  async run({ query: { command, catalog } }, { archive }) {
    switch (command) {
      case "catalog_names":
        return { kind: "value", value: await archive.catalogNames() };
      case "db_info":
        return { kind: "document", document: await archive.stats("dbStats") };
    }
    if (catalog === undefined) throw new QueryError("KeyError: 'catalog'");
    return command === "catalog_info"
      ? { kind: "document", document: await archive.stats("collStats", catalog) }
      : { kind: "value", value: await archive.indexes(catalog) };
  },
});
