import { ClassificationsPath, LabelsOfAlerts } from "../../core/contract/classifications.ts";
import { operationRoute } from "../operation_route.ts";

/** Takes labels from alerts. */
export default operationRoute({
  method: "DELETE",
  path: "/api/classifications/:survey",
  access: "classify",
  operation: "classifications_remove",
  target: (c) => ({ survey: c.req.param("survey")! }),
  doc: {
    summary: "Remove labels or scores of alerts",
    description: "By candid. Of an object only the names count.",
    tag: "classifications",
    params: ClassificationsPath.shape,
    body: LabelsOfAlerts,
  },
});
