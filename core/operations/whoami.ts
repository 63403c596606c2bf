import { z } from "zod";
import { defineOperation } from "../operation.ts";

/** What the asker may do and see. */
export default defineOperation({
  name: "whoami",
  permission: "read",
  input: z.unknown(),
  run(_, { principal: { name, permissions, programIds } }) {
    return {
      kind: "json",
      message: "",
      data: { username: name, permissions, programids: programIds },
    };
  },
});
