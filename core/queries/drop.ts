import { z } from "zod";
import { defineQuery } from "../contract/query.ts";
import { RefusedError } from "../operation.ts";
import { CatalogName } from "./_inputs.ts";

const Input = z.object({
  query: z.object({ catalog: CatalogName, confirm: z.unknown().optional() }),
  kwargs: z.object({ confirm: z.unknown().optional() }),
});

/**
 * `drop`: takes a whole catalog out of the archive, for those who may, and who say its name twice. What
 * the archive lives on (alerts, objects, skymaps, users) can't be dropped.
 */
export default defineQuery<z.output<typeof Input>>({
  name: "drop",
  input: Input,
  async run({ query: { catalog, confirm }, kwargs }, { archive, principal, audited }) {
    if (!principal.permissions.includes("drop")) {
      throw new RefusedError(403, 'Forbidden: this needs the permission "drop"');
    }
    if (!archive.isDroppable(catalog)) {
      throw new RefusedError(403, `Forbidden: ${catalog} can't be dropped`);
    }
    if ((confirm ?? kwargs.confirm) !== catalog) {
      throw new RefusedError(403, "Forbidden: confirm must be the catalog's name");
    }
    const deed = { action: "catalog.drop", target: catalog };
    await audited(deed, () => archive.drop(catalog));
    return { kind: "done", message: "Successfully dropped collection" };
  },
});
