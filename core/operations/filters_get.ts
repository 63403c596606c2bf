import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { aboutFilter, filterIdOf, FilterIdPath, notFound, toAnswer } from "./_filter_id.ts";

/** A filter with all its versions. */
export default defineOperation({
  name: "filters_get",
  permission: "filters",
  input: z.object({ path: FilterIdPath }),
  async run({ path }, { stores: { filters, retries } }) {
    const id = filterIdOf(path);
    const filter = await filters.find(id);
    if (!filter) throw notFound(id);
    retries.seen(aboutFilter(id));
    return { kind: "json", message: `Retrieved filter id ${id}`, data: toAnswer(filter) };
  },
});
