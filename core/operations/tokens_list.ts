import { z } from "zod";
import { defineOperation } from "../operation.ts";

/** The asker's personal access tokens, the newest first. */
export default defineOperation({
  name: "tokens_list",
  permission: "read",
  input: z.unknown(),
  run: async (_, { stores, principal }) => ({
    kind: "json",
    message: "",
    data: await stores.tokens.list(principal.name),
  }),
});
