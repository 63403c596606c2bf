import { z } from "zod";
import { FilterSearch } from "../contract/filters.ts";
import { defineOperation } from "../operation.ts";
import { toAnswer } from "./_filter_id.ts";

/** All filters, or those of a catalog or a group; their versions without pipelines. */
export default defineOperation({
  name: "filters_list",
  permission: "filters",
  input: z.object({ search: FilterSearch }),
  async run({ search: { catalog, group_id: groupId } }, { stores: { filters } }) {
    const found = await filters.list({
      catalog,
      groupId: groupId === undefined ? undefined : Number(groupId),
    });
    return {
      kind: "json",
      message: `Retrieved ${found.length} filters`,
      data: found.map(toAnswer),
    };
  },
});
