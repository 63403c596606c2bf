import { z } from "zod";
import { UserView } from "../../core/contract/users.ts";
import { operationRoute } from "../operation_route.ts";

/** Lists the users. */
export default operationRoute({
  method: "GET",
  path: "/api/users",
  access: "users",
  isFree: true,
  operation: "users_list",
  doc: { summary: "All users", tag: "users", data: z.array(UserView) },
});
