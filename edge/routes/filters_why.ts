import { FilterPath } from "../../core/contract/filters.ts";
import {
  WhyAnswer,
  WhyDraft,
  WhyDraftSearch,
  WhySearch,
} from "../../core/contract/filter_reports.ts";
import { bodyCatalog } from "../request_body.ts";
import { operationRoute } from "../operation_route.ts";
import { formatWanted } from "../format_wanted.ts";

const DESCRIPTION =
  "Each stage with how many documents went in and came out; each condition with the values that it " +
  "saw, whether it held, and how far from it they are. Of an object: its newest alerts a line each, " +
  "and in full the one that is nearest to passing.";

/** Why alerts don't pass a filter: of one that is saved, at an address to share, and of a draft. */
export default [
  operationRoute({
    method: "GET",
    path: "/api/filters/:filter_id/why",
    access: "filters",
    operation: "filters_why",
    params: formatWanted,
    target: "owner",
    doc: {
      summary: "Why an alert didn't pass a filter",
      description: DESCRIPTION,
      tag: "filters",
      params: FilterPath.shape,
      search: WhySearch.shape,
      data: WhyAnswer,
      contentTypes: ["text/plain"],
      statuses: [404],
    },
  }),
  operationRoute({
    method: "POST",
    path: "/api/filters/why",
    access: "filters",
    operation: "filters_why_draft",
    params: formatWanted,
    catalogs: bodyCatalog,
    doc: {
      summary: "Why an alert wouldn't pass a pipeline that isn't saved",
      description: DESCRIPTION,
      tag: "filters",
      search: WhyDraftSearch.shape,
      body: WhyDraft,
      data: WhyAnswer,
      contentTypes: ["text/plain"],
    },
  }),
];
