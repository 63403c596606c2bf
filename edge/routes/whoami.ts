import { z } from "zod";
import { Permission } from "../../core/contract/permissions.ts";
import { operationRoute } from "../operation_route.ts";

/** Who a token is of. */
export default operationRoute({
  method: "GET",
  path: "/api/whoami",
  access: "read",
  operation: "whoami",
  isFree: true,
  doc: {
    summary: "Who a token is of, and what it is good for",
    tag: "users",
    data: z.object({
      username: z.string(),
      permissions: z.array(Permission),
      programids: z.array(z.int()),
    }),
  },
});
