/** What of filters a user may touch: nobody makes a filter see what they themselves may not. */
import type { Principal } from "../contract/query.ts";
import { RefusedError } from "../operation.ts";

/** Throws where a filter sees, or would see, programids that the user may not. */
export function checkReach(principal: Principal, permissions: readonly number[]): void {
  const within = visible(principal, permissions);
  if (within.length === permissions.length) return;
  throw new RefusedError(
    403,
    `Forbidden: the filter's permissions [${permissions.join(", ")}] must be among the user's ` +
      `programids [${principal.programIds.join(", ")}]`,
  );
}

/** Those of the permissions that the user has too. */
export function visible(
  { admin, programIds }: Principal,
  permissions: readonly number[],
): readonly number[] {
  return admin ? permissions : permissions.filter((id) => programIds.includes(id));
}
