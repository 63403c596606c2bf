import { AddedToken, NewToken } from "../../core/contract/tokens.ts";
import { accountRoute } from "../account_route.ts";

/** Makes a personal access token. */
export default accountRoute({
  method: "POST",
  path: "/api/tokens",
  access: "read",
  operation: "tokens_add",
  doc: {
    summary: "Make a personal access token for a program",
    description:
      "The token is in this answer and nowhere else. It is good for its scopes, as far as " +
      "its user is at the time, until it ends or is removed.",
    tag: "users",
    body: NewToken,
    data: AddedToken,
    statuses: [409],
  },
});
