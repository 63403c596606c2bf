import { z } from "zod";
import { accountRoute } from "../account_route.ts";

/** Ends a personal access token. */
export default accountRoute({
  method: "DELETE",
  path: "/api/tokens/:id",
  access: "read",
  operation: "tokens_remove",
  doc: {
    summary: "End a personal access token",
    description: "One's own; anyone's with the permission `users`.",
    tag: "users",
    params: { id: z.string() },
    statuses: [404],
  },
});
