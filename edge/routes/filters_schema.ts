import { z } from "zod";
import { FilterSchema } from "../../core/contract/filter_fields.ts";
import { operationRoute } from "../operation_route.ts";

/** What filters see, from whoever has the alerts. */
export default operationRoute({
  method: "GET",
  path: "/api/filters/schema/:catalog",
  access: "read",
  operation: "filters_schema",
  catalogs: (c) => [c.req.param("catalog")!],
  doc: {
    summary: "The fields that filters of a survey see",
    tag: "filters",
    params: { catalog: z.string().describe("A survey's collection of alerts, such as ZTF_alerts") },
    data: FilterSchema,
  },
});
