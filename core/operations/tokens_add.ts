import { z } from "zod";
import { NewToken } from "../contract/tokens.ts";
import { defineOperation, RefusedError } from "../operation.ts";

/** A personal access token of the asker's, which is told once. */
export default defineOperation({
  name: "tokens_add",
  permission: "read",
  input: z.object({ body: NewToken }),
  async run({ body }, context) {
    const { principal, origin, stores } = context;
    // Else one that leaked would outlive its end.
    if (origin.tokenId !== null) {
      throw new RefusedError(
        403,
        "Forbidden: log in to make a token, as a token can't make another",
      );
    }
    const more = body.scopes.filter((scope) => !principal.permissions.includes(scope));
    if (more.length > 0) {
      throw new RefusedError(403, `Forbidden: this needs the permission "${more.join('", "')}"`);
    }
    const entry = { action: "token.add", target: principal.name, details: body };
    const data = await stores.audit.write(context, entry, async () => {
      const added = await stores.tokens.add(principal.name, origin.epochMs, body);
      if (added === null) throw new RefusedError(409, "Cannot add a token as there are too many");
      return added;
    });
    return { kind: "json", message: `added token ${body.name}`, data };
  },
});
