import { z } from "zod";
import { defineOperation, RefusedError } from "../operation.ts";

/** Ends a personal access token: one's own, or anyone's for who manages users. */
export default defineOperation({
  name: "tokens_remove",
  permission: "read",
  input: z.object({ path: z.object({ id: z.string() }) }),
  async run({ path: { id } }, context) {
    const { principal, stores } = context;
    const owner = principal.permissions.includes("users") ? null : principal.name;
    const entry = { action: "token.remove", target: id };
    const { name } = await stores.audit.write(context, entry, async () => {
      const removed = await stores.tokens.remove(id, owner);
      if (removed === null) throw new RefusedError(404, `token ${id} not found`);
      return removed;
    });
    return { kind: "json", message: `removed token ${name}` };
  },
});
