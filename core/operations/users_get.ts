import { z } from "zod";
import { defineOperation, RefusedError } from "../operation.ts";

/** One user. */
export default defineOperation({
  name: "users_get",
  permission: "users",
  input: z.object({ path: z.object({ username: z.string() }) }),
  async run({ path: { username } }, { stores }) {
    const user = await stores.users.find(username);
    if (user === null) throw new RefusedError(404, `user ${username} not found`);
    return { kind: "json", message: "", data: user };
  },
});
