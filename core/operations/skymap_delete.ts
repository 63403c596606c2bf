import { z } from "zod";
import { SkymapDelete } from "../contract/skymaps.ts";
import { defineOperation, RefusedError } from "../operation.ts";

/** Removes a skymap: one's own, or the admin any. */
export default defineOperation({
  name: "skymap_delete",
  permission: "skymaps",
  input: z.object({ body: SkymapDelete }),
  async run({ body: search }, context) {
    const { stores: { skymaps, audit }, principal } = context;
    const found = await skymaps.search(search);
    if (found === null) throw new RefusedError(404, "no skymap found");
    if (!principal.admin && found.owner !== principal.name) {
      throw new RefusedError(403, "Forbidden: a skymap is removed by who sent it, or by the admin");
    }
    const target = found.localization_name;
    await audit.write(context, { action: "skymap.remove", target }, async () => {
      if (!await skymaps.remove(found._id)) throw new RefusedError(404, "no skymap found");
    });
    return { kind: "json", message: "deleted 1 skymap" };
  },
});
