import { z } from "zod";
import { isPlainObject } from "../contract/extended_json.ts";
import { QueryError } from "../contract/query.ts";
import { NewUser } from "../contract/users.ts";
import { defineOperation, RefusedError } from "../operation.ts";
import { parsed } from "./_parsed.ts";

/** A new user. */
export default defineOperation({
  name: "users_add",
  permission: "users",
  input: z.object({ body: z.unknown() }),
  async run({ body }, context) {
    if (isPlainObject(body) && !(body.username && body.password)) {
      throw new QueryError("username and password must be set");
    }
    const user = parsed(NewUser, body);
    const { password: _, username, ...details } = user;
    const { users, audit } = context.stores;
    await audit.write(context, { action: "user.add", target: username, details }, async () => {
      if (await users.add(user) === "taken") {
        throw new RefusedError(409, `user ${username} already exists`);
      }
    });
    return { kind: "json", message: `added user ${username}` };
  },
});
