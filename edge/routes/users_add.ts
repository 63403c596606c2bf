import { NewUser } from "../../core/contract/users.ts";
import { accountRoute } from "../account_route.ts";

/** Adds a user. */
export default accountRoute({
  method: "POST",
  path: "/api/users",
  access: "users",
  operation: "users_add",
  doc: { summary: "Add a user", tag: "users", body: NewUser, statuses: [409] },
});
