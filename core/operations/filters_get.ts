import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { aboutFilter, filterIdOf, FilterIdPath, notFound, toAnswer } from "./_filter_id.ts";

/** A filter with all its versions, and what went wrong with them on alerts. */
export default defineOperation({
  name: "filters_get",
  permission: "filters",
  input: z.object({ path: FilterIdPath }),
  async run({ path }, { stores: { filters, filterFaults, retries } }) {
    const id = filterIdOf(path);
    const filter = await filters.find(id);
    if (!filter) throw notFound(id);
    retries.seen(aboutFilter(id));
    const failures = await filterFaults.of(id);
    return {
      kind: "json",
      message: `Retrieved filter id ${id}`,
      data: { ...toAnswer(filter), ...failures.length > 0 && { failures } },
    };
  },
});
