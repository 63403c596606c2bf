import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects, assertThrows } from "@std/assert";
import { decode, sign } from "hono/jwt";
import { createTokens, TokenError } from "./tokens.ts";

const KEY = "the key of tokens, 32 characters long";
const OLD_KEY = "the key that was used before this one";
const NOW_MS = 1_700_000_000_500;
const NOW_S = 1_700_000_000;
const settings = { keys: [KEY, OLD_KEY], algorithm: "HS256", lifetimeS: 3600 } as const;
const tokens = createTokens(settings, () => NOW_MS);
const endless = createTokens({ ...settings, lifetimeS: null }, () => NOW_MS);
const claims = { user_id: "alice", iat: NOW_S, exp: NOW_S + 3600 };

describe("issue()", () => {
  it("makes a token that says who, when, until when, and which", async () => {
    const { header, payload } = decode(await tokens.issue("alice"));
    assertEquals(header, { alg: "HS256", typ: "JWT" });
    const { jti, ...rest } = payload;
    assertEquals(rest, {
      user_id: "alice",
      created_at: "2023-11-14T22:13:20.500+00:00",
      iat: NOW_S,
      exp: NOW_S + 3600,
    });
    assertEquals(typeof jti, "string");
  });

  it("makes a token without an end where settings give none", async () => {
    assertEquals("exp" in decode(await endless.issue("alice")).payload, false);
  });

  it("needs a key", () => {
    assertThrows(() => createTokens({ ...settings, keys: [] }), Error, "there must be a key");
  });
});

describe("read()", () => {
  it("finds the user in a header of either form", async () => {
    const token = await tokens.issue("alice");
    for (const header of [token, ` ${token} `, `Bearer ${token}`, `bEARER ${token}`]) {
      assertEquals(await tokens.read(header), { userId: "alice", issuedAtS: NOW_S });
    }
  });

  it("finds nobody in no header", async () => {
    for (const header of [undefined, "", "  "]) assertEquals(await tokens.read(header), null);
  });

  it("accepts what an older key has signed", async () => {
    assertEquals(await tokens.read(await sign(claims, OLD_KEY, "HS256")), {
      userId: "alice",
      issuedAtS: NOW_S,
    });
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
      issuedAtS: 1_699_999_996,
    });
    const undated = await sign({ user_id: "alice" }, KEY, "HS256");
    assertEquals(await endless.read(undated), { userId: "alice", issuedAtS: 0 });
  });

  it("accepts a raw token that happens to hold the letters of bearer", async () => {
    // The original looked for them anywhere.
    const token = await sign({ ...claims, user_id: "the bearer" }, KEY, "HS256");
    assertEquals((await tokens.read(token))?.userId, "the bearer");
  });
});
