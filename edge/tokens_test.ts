import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decode, sign } from "hono/jwt";
import { createTokens, isOfEpoch, TokenError } from "./tokens.ts";

const KEY = "the key of tokens, 32 characters long";
const OLD_KEY = "the key that was used before this one";
const NOW_MS = 1_700_000_000_500;
const NOW_S = 1_700_000_000;
const settings = { keys: [KEY, OLD_KEY], algorithm: "HS256", lifetimeS: 3600 } as const;
const tokens = createTokens(settings, () => NOW_MS);
const endless = createTokens({ ...settings, lifetimeS: null }, () => NOW_MS);
const alice = { name: "alice", tokensValidFromMs: 1_699_000_000_123 };
const claims = { user_id: "alice", iat: NOW_S, exp: NOW_S + 3600 };

describe("issue()", () => {
  it("makes a token that says who, when, until when, and which", async () => {
    const { header, payload } = decode(await tokens.issue(alice));
    assertEquals(header, { alg: "HS256", typ: "JWT" });
    const { jti, ...rest } = payload;
    assertEquals(rest, {
      user_id: "alice",
      created_at: "2023-11-14T22:13:20.500+00:00",
      iat: NOW_S,
      exp: NOW_S + 3600,
      epoch: 1_699_000_000_123,
    });
    assertEquals(typeof jti, "string");
  });

  it("makes a token without an end where settings give none", async () => {
    assertEquals("exp" in decode(await endless.issue(alice)).payload, false);
  });

  it("needs a key", () => {
    assertThrows(() => createTokens({ ...settings, keys: [] }), Error, "there must be a key");
  });
});

describe("read()", () => {
  const identity = {
    userId: "alice",
    epochMs: alice.tokensValidFromMs,
    issuedAtMs: NOW_MS,
  };

  it("finds the user in a header of either form", async () => {
    const token = await tokens.issue(alice);
    for (const header of [token, ` ${token} `, `Bearer ${token}`, `bEARER ${token}`]) {
      assertEquals(await tokens.read(header), identity);
    }
  });

  it("finds nobody in no header", async () => {
    for (const header of [undefined, "", "  "]) assertEquals(await tokens.read(header), null);
  });

  it("accepts what an older key has signed", async () => {
    assertEquals(await tokens.read(await sign(claims, OLD_KEY, "HS256")), {
      userId: "alice",
      epochMs: null,
      issuedAtMs: NOW_S * 1000,
    });
  });

  it("knows a personal access token when it sees one, and leaves it to the cores", async () => {
    for (const header of ["kow_abc", "Bearer kow_abc"]) {
      assertEquals(await tokens.read(header), { personal: "kow_abc" });
    }
  });

  const refused = async (header: Promise<string> | string, message = "token is invalid") => {
    const value = await header;
    await assertRejects(() => tokens.read(value), TokenError, message);
  };
  const none = (part: unknown) => btoa(JSON.stringify(part)).replaceAll("=", "");

  // Each row of the table of what a header may hold.
  it("refuses what is malformed", async () => {
    for (const header of ["no_token", "a.b.c", "..", "Bearer", "Bearer a b", "Basic YTpi"]) {
      await refused(header);
    }
  });
  it("refuses a bad signature", () => refused(sign(claims, KEY + "x", "HS256")));
  it("refuses another algorithm", () => refused(sign(claims, KEY, "HS512")));
  it("refuses the algorithm none", () =>
    refused(`${none({ alg: "none", typ: "JWT" })}.${none(claims)}.`));
  it("refuses an end that has passed, and says so", () =>
    refused(sign({ ...claims, exp: NOW_S }, KEY, "HS256"), "token has expired"));
  it("refuses an end that isn't a number", () =>
    refused(sign({ ...claims, exp: "2026-11-23" } as never, KEY, "HS256")));
  it("refuses a token without an end while tokens have one", () =>
    refused(sign({ user_id: "alice", iat: NOW_S }, KEY, "HS256")));
  it("refuses a start in the future", () =>
    refused(sign({ ...claims, nbf: NOW_S + 60 }, KEY, "HS256")));
  it("refuses an issue in the future", () =>
    refused(sign({ ...claims, iat: NOW_S + 60 }, KEY, "HS256")));
  it("refuses no user", () => refused(sign({ iat: NOW_S, exp: claims.exp }, KEY, "HS256")));
  it("refuses an empty user", () => refused(sign({ ...claims, user_id: "" }, KEY, "HS256")));
  it("refuses a user that isn't text", () =>
    refused(sign({ ...claims, user_id: { $ne: "" } } as never, KEY, "HS256")));

  it("accepts the original's tokens, which have no end, where tokens need none", async () => {
    const legacy = { user_id: "alice", created_at: "2023-11-14T22:13:16.816946+00:00" };
    assertEquals(await endless.read(await sign(legacy, KEY, "HS256")), {
      userId: "alice",
      epochMs: null,
      issuedAtMs: 1_699_999_996_816,
    });
    const undated = await sign({ user_id: "alice" }, KEY, "HS256");
    assertEquals(await endless.read(undated), {
      userId: "alice",
      epochMs: null,
      issuedAtMs: 0,
    });
  });

  it("accepts a raw token that happens to hold the letters of bearer", async () => {
    // The original looked for them anywhere.
    const token = await sign({ ...claims, user_id: "the bearer" }, KEY, "HS256");
    assertEquals(await tokens.read(token), {
      userId: "the bearer",
      epochMs: null,
      issuedAtMs: NOW_S * 1000,
    });
  });
});

describe("isOfEpoch()", () => {
  const user = { ...alice, admin: false, permissions: [], programIds: [] };
  const at = (tokensValidFromMs: number) => ({ ...user, tokensValidFromMs });

  it("goes by the epoch that a token holds, and by no clock", () => {
    const identity = { userId: "alice", epochMs: 5_000, issuedAtMs: 9_999_999 };
    assertEquals(isOfEpoch(identity, at(5_000)), true);
    // The epoch moved in the second, even the millisecond, in which the token was issued.
    assertEquals(isOfEpoch({ ...identity, issuedAtMs: 5_001 }, at(5_001)), false);
    assertEquals(isOfEpoch(identity, at(4_999)), false);
  });

  it("goes by its time to the millisecond where a token holds no epoch", () => {
    const legacy = { userId: "alice", epochMs: null, issuedAtMs: 5_500 };
    assertEquals(isOfEpoch(legacy, at(0)), true);
    assertEquals(isOfEpoch(legacy, at(5_500)), true);
    assertEquals(isOfEpoch(legacy, at(5_501)), false);
  });
});
