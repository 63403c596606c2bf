import { UserPath } from "../../core/contract/users.ts";
import { accountRoute } from "../account_route.ts";

/** Removes a user. */
export default accountRoute({
  method: "DELETE",
  path: "/api/users/:username",
  access: "users",
  operation: "users_remove",
  doc: { summary: "Remove a user and all their tokens", tag: "users", params: UserPath },
});
