import { z } from "zod";
import { FilterDoc, FilterSearch } from "../../core/contract/filters.ts";
import { operationRoute } from "../operation_route.ts";

/** The filters that are kept with a catalog, or with the users. */
export default operationRoute({
  method: "GET",
  path: "/api/filters",
  access: "filters",
  operation: "filters_list",
  catalogs: (c) => [c.req.query("catalog") ?? []].flat(),
  doc: {
    summary: "List filters, their versions without pipelines",
    tag: "filters",
    search: FilterSearch.shape,
    data: z.array(FilterDoc),
  },
});
