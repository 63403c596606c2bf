import { z } from "zod";
import { defineOperation, RefusedError } from "../operation.ts";

/** Voids all tokens of a user: of anyone for who manages users, else of oneself. */
export default defineOperation({
  name: "users_log_out",
  permission: "read",
  input: z.object({ path: z.object({ username: z.string() }) }),
  async run({ path: { username } }, context) {
    const { principal, origin, stores } = context;
    // A token that is good for reading is not to end the others.
    const isSelf = principal.name === username && origin.tokenId === null;
    if (!isSelf && !principal.permissions.includes("users")) {
      throw new RefusedError(403, 'Forbidden: this needs the permission "users"');
    }
    const entry = { action: "user.log_out", target: username };
    await stores.audit.write(context, entry, async () => {
      if (await stores.users.voidTokens(username) === "absent") {
        throw new RefusedError(404, `user ${username} not found`);
      }
    });
    return { kind: "json", message: `logged out user ${username}` };
  },
});
