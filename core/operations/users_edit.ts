import { z } from "zod";
import type { UserStore } from "../archive/user_store.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { type Principal, QueryError } from "../contract/query.ts";
import { UserEdits } from "../contract/users.ts";
import { defineOperation, RefusedError } from "../operation.ts";
import { parsed } from "./_parsed.ts";

/** Name, password, e-mail, roles of a user. Whose name or password changes is logged out everywhere. */
export default defineOperation({
  name: "users_edit",
  permission: "users",
  input: z.object({ path: z.object({ username: z.string() }), body: z.unknown() }),
  async run({ path: { username }, body }, context) {
    const edits = parsed(UserEdits, withoutEmpty(body));
    const { users, audit } = context.stores;
    checkSuperuser(users, username, edits, context.principal);
    const { password, ...rest } = edits;
    const details = { ...rest, ...password !== undefined && { password: "changed" } };
    await audit.write(context, { action: "user.edit", target: username, details }, async () => {
      const outcome = await users.edit(username, edits);
      if (outcome === "absent") throw new RefusedError(404, `user ${username} not found`);
      if (outcome === "taken") {
        throw new RefusedError(409, `user ${edits.username} already exists`);
      }
    });
    return { kind: "json", message: `edited user ${username}` };
  },
});

/** Clients send a name or a password that isn't to change as an empty one. */
function withoutEmpty(body: unknown): unknown {
  if (!isPlainObject(body)) return body;
  const isEmpty = (key: string, value: unknown) =>
    ["username", "password"].includes(key) && (value === "" || value === null);
  return Object.fromEntries(Object.entries(body).filter(([key, value]) => !isEmpty(key, value)));
}

function checkSuperuser(
  users: UserStore,
  username: string,
  { username: newName = username, permissions, roles, programids }: UserEdits,
  { name }: Principal,
): void {
  if (!users.isSuperuser(username)) return;
  if (newName !== username) throw new QueryError("cannot rename the superuser!");
  if ((permissions ?? roles ?? programids) !== undefined) {
    throw new QueryError("cannot change what the superuser may do!");
  }
  // Whoever sets their password is them.
  if (!users.isSuperuser(name)) throw new RefusedError(403, "Forbidden: only the superuser may");
}
