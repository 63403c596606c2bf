import { UserEdits, UserPath } from "../../core/contract/users.ts";
import { accountRoute } from "../account_route.ts";

/** Changes a user. */
export default accountRoute({
  method: "PUT",
  path: "/api/users/:username",
  access: "users",
  operation: "users_edit",
  doc: {
    summary: "Change a user's name, password, e-mail, roles or programids",
    description:
      "What isn't sent stays. A new name or password voids the tokens that were issued by " +
      "logging in; a new password, the personal access tokens too.",
    tag: "users",
    params: UserPath,
    body: UserEdits,
    statuses: [404, 409],
  },
});
