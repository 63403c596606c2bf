import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import type { TokenRecord, UserRecord } from "../core/contract/edge.ts";
import { PERMISSIONS } from "../core/contract/permissions.ts";
import { createAuthenticate } from "./authenticate.ts";
import { TokenError, type Tokens } from "./tokens.ts";
import type { LookUp, Users } from "./users.ts";

const NOW_MS = 1_700_000_000_000;
const EPOCH_MS = 1_600_000_000_000;
const lookUp: LookUp = { signal: new AbortController().signal };
const alice: UserRecord = {
  name: "alice",
  admin: false,
  permissions: ["read", "filters"],
  programIds: [1],
  tokensValidFromMs: EPOCH_MS,
};
const record: TokenRecord = {
  id: "t",
  user: "alice",
  scopes: ["read"],
  epochMs: EPOCH_MS,
  expiresMs: NOW_MS + 1,
};

function callerOf(token: TokenRecord | null, user: UserRecord | null) {
  const tokens = { read: () => Promise.resolve({ personal: "kow_x" }) } as unknown as Tokens;
  const users = {
    find: (name: string) => Promise.resolve(name === user?.name ? user : null),
    findToken: () => Promise.resolve(token),
  } as unknown as Users;
  return createAuthenticate(tokens, users, () => NOW_MS)("kow_x", lookUp);
}

describe("a personal access token", () => {
  it("is worth what both it and its user are, no more", async () => {
    assertEquals(await callerOf(record, alice), {
      user: { ...alice, permissions: ["read"] },
      tokenId: "t",
    });
    const more: TokenRecord = { ...record, scopes: ["read", "users"] };
    assertEquals((await callerOf(more, alice))?.user.permissions, ["read"]);
  });

  it("is the admin's only where it is good for what the admin alone may", async () => {
    const admin = { ...alice, admin: true, permissions: [...PERMISSIONS] };
    const whole: TokenRecord = { ...record, scopes: [...PERMISSIONS] };
    assertEquals((await callerOf(record, admin))?.user.admin, false);
    assertEquals((await callerOf(whole, admin))?.user.admin, true);
    assertEquals((await callerOf(whole, alice))?.user.admin, false);
  });

  const refused = async (token: TokenRecord | null, user: UserRecord | null, message: string) => {
    await assertRejects(() => callerOf(token, user), TokenError, message);
  };

  it("is refused where nobody knows it, or its user", async () => {
    await refused(null, alice, "token is invalid");
    await refused(record, null, "token is invalid");
  });
  it("is refused in another epoch of its user than it was made in", async () => {
    await refused({ ...record, epochMs: EPOCH_MS - 1 }, alice, "token is invalid");
    await refused({ ...record, epochMs: EPOCH_MS + 1 }, alice, "token is invalid");
  });
  it("is refused when it has ended", () =>
    refused({ ...record, expiresMs: NOW_MS }, alice, "token has expired"));
});
