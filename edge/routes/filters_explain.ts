import { ExplainDoc, ExplainDraft, ExplainSearch } from "../../core/contract/filter_reports.ts";
import { FilterPath } from "../../core/contract/filters.ts";
import { bodyCatalog } from "../request_body.ts";
import { operationRoute } from "../operation_route.ts";

/** How a filter runs: of one that is saved, and of a draft. */
export default [
  operationRoute({
    method: "GET",
    path: "/api/filters/:filter_id/explain",
    access: "filters",
    operation: "filters_explain",
    target: "owner",
    doc: {
      summary: "How a filter runs, and what is odd about it",
      description:
        "Whether it runs in process or in MongoDB, and why; which fields it reads; which of its " +
        "conditions are asked first; unknown fields, types that never match, conditions that can't " +
        "hold. With `against`: whether another version gives the same, by its text or on the newest alerts.",
      tag: "filters",
      params: FilterPath.shape,
      search: ExplainSearch.shape,
      data: ExplainDoc,
      statuses: [404],
    },
  }),
  operationRoute({
    method: "POST",
    path: "/api/filters/explain",
    access: "filters",
    operation: "filters_explain_draft",
    catalogs: bodyCatalog,
    doc: {
      summary: "How a pipeline that isn't saved would run",
      description:
        "With `filter_id`: also whether it gives the same as the version that it would replace.",
      tag: "filters",
      body: ExplainDraft,
      data: ExplainDoc,
    },
  }),
];
