/** Users as the cores know them, remembered for a few seconds: a token alone doesn't make a user. */
import { UserRecord } from "../core/contract/edge.ts";
import { type Ask, CoreUnavailableError } from "./ask.ts";
import type { Instances } from "./instances.ts";

export interface Users {
  /** Null: there is no such user. Throws `CoreUnavailableError`. */
  find(name: string, signal: AbortSignal): Promise<UserRecord | null>;
}

/** How long a user who was deleted may still ask. */
const AGE_MS_MAX = 5_000;
const USERS_MAX = 10_000;

interface Known {
  readonly user: UserRecord | null;
  readonly atMs: number;
}

export function createUsers(
  instances: Instances,
  ask: Ask,
  now: () => number = Date.now,
): Users {
  const known = new Map<string, Known>();

  return {
    async find(name, signal) {
      const found = known.get(name);
      if (found && now() - found.atMs <= AGE_MS_MAX) return found.user;
      const user = await askFor(name, signal);
      known.delete(name);
      known.set(name, { user, atMs: now() });
      if (known.size > USERS_MAX) known.delete(known.keys().next().value!);
      return user;
    },
  };

  async function askFor(name: string, signal: AbortSignal): Promise<UserRecord | null> {
    const path = `/v1/users/${encodeURIComponent(name)}`;
    const response = await ask(await instances.choose([]), { path, signal });
    if (response.ok) return UserRecord.parse(await response.json());
    await response.body?.cancel();
    if (response.status === 404) return null;
    throw new CoreUnavailableError(`Cannot look up a user: the core says ${response.status}`);
  }
}
