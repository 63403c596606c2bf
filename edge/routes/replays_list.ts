import { z } from "zod";
import { ReplaySearch, ReplaySummary } from "../../core/contract/replays.ts";
import { operationRoute } from "../operation_route.ts";

/** The replays over a catalog, from who has it; else those of all archives. */
export default operationRoute({
  method: "GET",
  path: "/api/replays",
  access: "filters",
  operation: "replays_list",
  target: (c) => {
    const catalog = c.req.query("catalog");
    const lists = { by: "queued_at", isDescending: true };
    return catalog === undefined ? { lists } : { catalogs: [catalog] };
  },
  doc: {
    summary: "List one's replays of filters, the newest first; for an admin, everybody's",
    tag: "filters",
    search: ReplaySearch.shape,
    data: z.array(ReplaySummary),
  },
});
