import { z } from "zod";
import { TokenView } from "../../core/contract/tokens.ts";
import { operationRoute } from "../operation_route.ts";

/** Lists one's personal access tokens. */
export default operationRoute({
  method: "GET",
  path: "/api/tokens",
  access: "read",
  isFree: true,
  operation: "tokens_list",
  doc: { summary: "One's personal access tokens", tag: "users", data: z.array(TokenView) },
});
