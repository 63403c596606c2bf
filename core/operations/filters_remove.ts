import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { checkReach } from "./_filter_access.ts";
import { aboutFilter, filterIdOf, FilterIdPath, notFound } from "./_filter_id.ts";

/** Removes a filter with all its versions; replays of it end. */
export default defineOperation({
  name: "filters_remove",
  permission: "filters",
  input: z.object({ path: FilterIdPath }),
  async run({ path }, context) {
    const { principal, stores: { filters, replays, retries, audit } } = context;
    const id = filterIdOf(path);
    const filter = await filters.find(id);
    if (!filter) throw notFound(id);
    checkReach(principal, filter.permissions);
    await audit.write(context, { action: "filter.remove", target: String(id) }, async () => {
      if (!await filters.remove(id)) throw notFound(id);
      await replays.failOf(id);
    });
    retries.seen(aboutFilter(id));
    return { kind: "json", message: `Removed filter id ${id}` };
  },
});
