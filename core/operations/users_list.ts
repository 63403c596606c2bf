import { z } from "zod";
import { defineOperation } from "../operation.ts";

/** All users, by name: who they are and what they may do. */
export default defineOperation({
  name: "users_list",
  permission: "users",
  input: z.unknown(),
  run: async (_, { stores }) => ({ kind: "json", message: "", data: await stores.users.list() }),
});
