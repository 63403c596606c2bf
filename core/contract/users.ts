/** Users as clients tell and see them. */
import { z } from "zod";
import { Permission, RoleName } from "./permissions.ts";

const NAME_LENGTH_MAX = 200;
/** What many scripts of the original's users send; longer is better. */
const PASSWORD_LENGTH_MIN = 6;
const PASSWORD_LENGTH_MAX = 10_000;
/** A user's `permissions` as JSON, characters. */
const PERMISSIONS_LENGTH_MAX = 16_384;

/** A name has to fit into a path, where these two mean places, and into a log. */
const Username = z.string().min(1).max(NAME_LENGTH_MAX)
  .refine((name) => name !== "." && name !== "..", "must not be . or ..")
  .refine((name) => !/\p{C}/u.test(name), "must not hold control characters");
const Password = z.string().min(PASSWORD_LENGTH_MIN).max(PASSWORD_LENGTH_MAX);

const forms = {
  roles: z.array(RoleName).optional(),
  /** Those of the alerts they may see. */
  programids: z.array(z.int()).optional(),
};
/** The original takes anything here and reads nothing; ours are the keys that are read. */
const Permissions = z.union([z.looseObject(forms), z.array(z.unknown()), z.string(), z.null()])
  .refine(
    isStorable,
    `must be at most ${PERMISSIONS_LENGTH_MAX} characters, no key with a $ in front`,
  );

export const NewUser = z.object({
  username: Username,
  password: Password,
  email: z.string().max(320).nullable().default(null),
  permissions: Permissions.default({}),
  // Beside `permissions` too, so that one needn't know its form.
  ...forms,
});
export type NewUser = z.output<typeof NewUser>;

/** What isn't there stays as it is. */
export const UserEdits = z.object({
  username: Username.optional(),
  password: Password.optional(),
  email: z.string().max(320).nullable().optional(),
  permissions: Permissions.optional(),
  ...forms,
});
export type UserEdits = z.output<typeof UserEdits>;

/** What a path has for `:username`: percent-encoded, it may hold a slash. */
export const UserPath = { username: z.string() };

export const UserView = z.object({
  username: z.string(),
  email: z.string().nullable(),
  roles: z.array(RoleName),
  permissions: z.array(Permission),
  programids: z.array(z.int()),
  last_modified: z.iso.datetime().nullable(),
});
export type UserView = z.output<typeof UserView>;

function isStorable(value: unknown): boolean {
  let isPlain = true;
  const text = JSON.stringify(value, (key, inner) => {
    isPlain &&= !/^\$|\0/.test(key); // An operator, or the end of a name, to the archive.
    return typeof inner === "bigint" ? String(inner) : inner;
  });
  return isPlain && text.length <= PERMISSIONS_LENGTH_MAX;
}
