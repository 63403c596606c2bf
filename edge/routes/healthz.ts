import { errorBody } from "../../core/contract/edge.ts";
import { defineRoute } from "../route.ts";

/** Whether this edge can answer: it does, and so does a core. */
export default defineRoute({
  method: "GET",
  path: "/healthz",
  access: "unchecked",
  doc: null,
  handle: async (c, { instances }) =>
    await instances.isAnyHealthy()
      ? c.json({ status: "ok" })
      : c.json(errorBody("No core answers"), 503),
});
