import { z } from "zod";
import { QueryError } from "../contract/query.ts";
import { defineOperation } from "../operation.ts";

/** A user, and all tokens and replays of theirs. */
export default defineOperation({
  name: "users_remove",
  permission: "users",
  input: z.object({ path: z.object({ username: z.string() }) }),
  async run({ path: { username } }, context) {
    const { users, replays, audit } = context.stores;
    if (users.isSuperuser(username)) throw new QueryError("cannot remove the superuser!");
    await audit.write(context, { action: "user.remove", target: username }, async () => {
      // 400, as ever: clients tell it from a path that isn't there.
      if (await users.remove(username) === "absent") {
        throw new QueryError(`user ${username} not found`);
      }
      await replays.removeOf(username);
    });
    return { kind: "json", message: `removed user ${username}` };
  },
});
