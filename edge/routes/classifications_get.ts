import { ClassificationDoc, ClassificationPath } from "../../core/contract/classifications.ts";
import { operationRoute } from "../operation_route.ts";

/** The labels of an alert. */
export default operationRoute({
  method: "GET",
  path: "/api/classifications/:survey/:candid",
  access: "read",
  operation: "classifications_get",
  target: (c) => ({ survey: c.req.param("survey")! }),
  doc: {
    summary: "Labels and scores of an alert",
    tag: "classifications",
    params: ClassificationPath.shape,
    data: ClassificationDoc,
  },
});
