import { z } from "zod";
import { FilterDoc, FilterSearch } from "../../core/contract/filters.ts";
import { operationRoute } from "../operation_route.ts";

/** The filters of a catalog, from who has it; else those of all archives. */
export default operationRoute({
  method: "GET",
  path: "/api/filters",
  access: "filters",
  operation: "filters_list",
  target: (c) => {
    const catalog = c.req.query("catalog");
    return catalog === undefined ? { lists: { by: "filter_id" } } : { catalogs: [catalog] };
  },
  doc: {
    summary: "List filters, their versions without pipelines",
    tag: "filters",
    search: FilterSearch.shape,
    data: z.array(FilterDoc),
  },
});
