import { DraftReplay, ReplaySummary } from "../../core/contract/replays.ts";
import { bodyCatalog } from "../request_body.ts";
import { operationRoute } from "../operation_route.ts";

/** A replay of a draft, where the alerts of its catalog are. */
export default operationRoute({
  method: "POST",
  path: "/api/replays",
  access: "filters",
  operation: "replays_add",
  catalogs: bodyCatalog,
  doc: {
    summary: "Replay a draft that belongs to no filter over archived nights",
    description: "As a replay of a filter, without a version to compare it with.",
    tag: "filters",
    body: DraftReplay,
    data: ReplaySummary,
    statuses: [409],
  },
});
