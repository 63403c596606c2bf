import { ClassificationsPath, LabelsOfAlerts } from "../../core/contract/classifications.ts";
import { operationRoute } from "../operation_route.ts";

/** Labels for alerts. */
export default operationRoute({
  method: "PUT",
  path: "/api/classifications/:survey",
  access: "classify",
  operation: "classifications_put",
  target: (c) => ({ survey: c.req.param("survey")! }),
  doc: {
    summary: "Label alerts, or give them scores",
    description:
      "By candid. Other labels that an alert has stay; all is checked before any is written.",
    tag: "classifications",
    params: ClassificationsPath.shape,
    body: LabelsOfAlerts,
  },
});
