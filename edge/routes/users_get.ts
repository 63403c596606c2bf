import { UserPath, UserView } from "../../core/contract/users.ts";
import { operationRoute } from "../operation_route.ts";

/** Tells of one user. */
export default operationRoute({
  method: "GET",
  path: "/api/users/:username",
  access: "users",
  isFree: true,
  operation: "users_get",
  doc: { summary: "One user", tag: "users", params: UserPath, data: UserView, statuses: [404] },
});
