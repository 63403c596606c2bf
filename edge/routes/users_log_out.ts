import { UserPath } from "../../core/contract/users.ts";
import { accountRoute } from "../account_route.ts";

/** Logs a user out everywhere. */
export default accountRoute({
  method: "DELETE",
  path: "/api/users/:username/tokens",
  access: "read",
  operation: "users_log_out",
  doc: {
    summary: "Log a user out everywhere: void all their tokens",
    description: "One's own; another's with the permission `users`.",
    tag: "users",
    params: UserPath,
    statuses: [404],
  },
});
