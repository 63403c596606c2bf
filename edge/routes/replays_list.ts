import { z } from "zod";
import { ReplaySearch, ReplaySummary } from "../../core/contract/replays.ts";
import { operationRoute } from "../operation_route.ts";

/** The replays that are kept with a catalog, or with the users. */
export default operationRoute({
  method: "GET",
  path: "/api/replays",
  access: "filters",
  operation: "replays_list",
  catalogs: (c) => [c.req.query("catalog") ?? []].flat(),
  doc: {
    summary: "List one's replays of filters, the newest first; for an admin, everybody's",
    tag: "filters",
    search: ReplaySearch.shape,
    data: z.array(ReplaySummary),
  },
});
