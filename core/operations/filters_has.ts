import { z } from "zod";
import { defineOperation } from "../operation.ts";
import { filterIdOf, FilterIdPath, notFound } from "./_filter_id.ts";

/** Whether a filter is in this archive: for an edge before several, to add a version where it is. */
export default defineOperation({
  name: "filters_has",
  permission: "filters",
  input: z.object({ path: FilterIdPath }),
  async run({ path }, { stores: { filters } }) {
    const id = filterIdOf(path);
    if (!await filters.find(id)) throw notFound(id);
    return { kind: "json", message: `Filter id ${id} is here` };
  },
});
