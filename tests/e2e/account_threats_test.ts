/** The original's holes around accounts (3, 4, 7, 8, 27, 30 of the list), each tried on ours. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { decode, sign } from "hono/jwt";
import { loadSettings } from "../../core/base/settings.ts";
import { type RunningEdge, startEdge } from "../../edge/serve.ts";
import {
  type Accounts,
  INVALID,
  PASSWORD,
  startAccounts,
  told,
  WELL,
} from "../support/accounts.ts";
import { ADMIN, edgeOptions, SECRET, type TestApi } from "../support/api.ts";
import { type Client, clientOf } from "../support/client.ts";
import { until } from "../support/until.ts";

let accounts: Accounts;
let api: TestApi;
let admin: string;
/** Another edge before the same core. */
let otherEdge: RunningEdge;
let other: Client;

before(async () => {
  accounts = await startAccounts();
  ({ api, admin } = accounts);
  otherEdge = await startEdge(edgeOptions(api.coreUrl));
  other = clientOf(otherEdge.url);
});
after(async () => {
  await otherEdge.close();
  await accounts[Symbol.asyncDispose]();
});

const call: Client = (...args) => accounts.call(...args);
const someone: Accounts["someone"] = (...args) => accounts.someone(...args);
const personal: Accounts["personal"] = (...args) => accounts.personal(...args);
const ping: Accounts["ping"] = (...args) => accounts.ping(...args);
const logIn: Accounts["logIn"] = (...args) => accounts.logIn(...args);

describe("3. tokens that never end, of people who are gone", () => {
  it("a removed user is out with the answer, at the edge that did it", async () => {
    const { path, token } = await someone();
    assertEquals(await ping(token), WELL);
    await call("DELETE", path, { token: admin });
    assertEquals(await ping(token), INVALID);
  });

  it("a removed user is out within seconds at another edge, and changes nothing meanwhile", async () => {
    const { path, token } = await someone({ roles: ["admin"] });
    assertEquals(await ping(token, other), WELL);
    await call("DELETE", path, { token: admin });
    for (
      const [method, path, body] of [
        ["POST", "/api/users", { username: "friend", password: PASSWORD }],
        ["POST", "/api/tokens", { name: "for later", scopes: ["read"] }],
        ["DELETE", `/api/users/${ADMIN.username}/tokens`, undefined],
      ] as const
    ) {
      assertEquals(told(await other(method, path, { token, body })), INVALID);
    }
    await until(async () => (await ping(token, other))[0] === 400, 200);
  });

  it("an old password's token is void, though it was issued in the second of the change", async () => {
    const { name, path, token } = await someone();
    await call("PUT", path, { token: admin, body: { password: "the second" } });
    assertEquals(await ping(token), INVALID);
    assertEquals(await ping(await logIn(name, "the second")), WELL);
  });

  it("a log-in with the old password that is under way ends with a void token", async () => {
    const { path, name } = await someone();
    const changed = call("PUT", path, { token: admin, body: { password: "the second" } });
    const tokens = await Promise.all([0, 1, 2, 3].map(() => logIn(name)));
    await changed;
    for (const token of tokens.filter((token) => token !== undefined)) {
      assertEquals(await ping(token), INVALID);
    }
  });

  it("a renamed user's token is void, and so it is for whoever gets the name", async () => {
    const { name, path, token } = await someone();
    await call("PUT", path, { token: admin, body: { username: `${name}-2` } });
    assertEquals(await ping(token), INVALID);
    const body = { username: name, password: PASSWORD };
    await call("POST", "/api/users", { token: admin, body });
    assertEquals(await ping(token), INVALID);
    assertEquals(await ping(await logIn(name)), WELL);
  });

  it("a removed user who is made again doesn't get old tokens back", async () => {
    const { name, path, token } = await someone();
    const { token: program } = await personal(token, ["read"]);
    await call("DELETE", path, { token: admin });
    const body = { username: name, password: PASSWORD };
    await call("POST", "/api/users", { token: admin, body });
    assertEquals([await ping(token), await ping(program)], [INVALID, INVALID]);
  });

  it("logging out everywhere voids both kinds of tokens, one's own or by an admin", async () => {
    for (const by of ["self", "admin"]) {
      const { name, path, token } = await someone();
      const { token: program } = await personal(token, ["read"]);
      assertEquals([await ping(token), await ping(program)], [WELL, WELL]);
      const answer = await call("DELETE", `${path}/tokens`, {
        token: by === "self" ? token : admin,
      });
      assertEquals(told(answer), [200, `logged out user ${name}`]);
      assertEquals([await ping(token), await ping(program)], [INVALID, INVALID]);
      assertEquals(await ping(await logIn(name)), WELL);
    }
    const { token } = await someone();
    const another = await someone();
    assertEquals((await call("DELETE", `${another.path}/tokens`, { token })).status, 403);
    const nobody = await call("DELETE", "/api/users/nobody/tokens", { token: admin });
    assertEquals(nobody.status, 404);
  });

  it("an invented name is nobody, though it is signed with the key", async () => {
    const { payload } = decode(admin);
    const ghost = await sign({ ...payload, user_id: "ghost" }, SECRET, "HS256");
    assertEquals(await ping(ghost), INVALID);
  });

  it("a token says when it ends, as a number, and is of no use after", async () => {
    const { payload } = decode(admin);
    for (const claim of ["iat", "exp"]) assertEquals(typeof payload[claim], "number");
    assertEquals(typeof payload.jti, "string");
    const ended = await sign({ ...payload, exp: Math.floor(Date.now() / 1000) - 1 }, SECRET);
    assertEquals(await ping(ended), [400, "token has expired"]);
    const { exp: _, ...endless } = payload;
    assertEquals(await ping(await sign(endless, SECRET)), INVALID);
  });

  it("keys are changed one after another: the first signs, all of them are good", async () => {
    const newKey = "another key of tests, of 32 characters or more";
    const options = edgeOptions(api.coreUrl);
    const edgeWith = (keys: string[]) =>
      startEdge({ ...options, tokens: { ...options.tokens, keys } });
    const both = await edgeWith([newKey, SECRET]);
    const onlyNew = await edgeWith([newKey]);
    try {
      assertEquals(await ping(admin, clientOf(both.url)), WELL);
      assertEquals(await ping(admin, clientOf(onlyNew.url)), INVALID);
      const { body } = await clientOf(both.url)("POST", "/api/auth", { body: ADMIN });
      assertEquals(await ping(body.token, clientOf(onlyNew.url)), WELL);
      assertEquals(await ping(body.token), INVALID);
    } finally {
      await both.close();
      await onlyNew.close();
    }
  });
});

describe("4. passwords and keys that everybody knows", () => {
  it("no program starts with them", () => {
    const defaultsText = Deno.readTextFileSync(
      new URL("../../deploy/settings.defaults.yaml", import.meta.url),
    );
    for (
      const [name, value] of [
        ["KOWALSKI_SERVER_ADMIN_PASSWORD", "admin"],
        ["KOWALSKI_SERVER_JWT_SECRET_KEY", "abc0123"],
        ["KOWALSKI_SERVER_JWT_OLD_SECRET_KEYS", "[abc0123]"],
        ["KOWALSKI_DATABASE_PASSWORD", "ztf"],
        ["KOWALSKI_CORE_EDGE_KEY", "short"],
      ]
    ) {
      assertThrows(() => loadSettings({ defaultsText, env: { [name!]: value! } }), Error, name);
    }
  });
});

describe("7. log-in", () => {
  it("is slow for who guesses, also many at once, and tells when to try again", async () => {
    const options = edgeOptions(api.coreUrl);
    const limits = { ...options.limits, logIn: { perMinute: 60, burst: 4 } };
    const edge = await startEdge({ ...options, limits });
    try {
      const guess = (password: string) =>
        clientOf(edge.url)("POST", "/api/auth", { body: { username: "victim", password } });
      const guesses = await Promise.all(Array.from({ length: 12 }, (_, i) => guess(`${i}`)));
      const refused = guesses.filter(({ status }) => status === 429);
      assert(refused.length >= 7, `${refused.length}`);
      for (const { headers, body } of refused) {
        const seconds = Number(headers.get("retry-after"));
        // The client of the field waits so long and tries again, three times.
        assert(seconds >= 1 && seconds <= 4, `${seconds}`);
        assertEquals(body.status, "error");
      }
    } finally {
      await edge.close();
    }
  });

  it("reads all of a password, of any length", async () => {
    const long = "long ".repeat(40);
    const { name } = await someone({ password: `${long}a` });
    assertEquals(await logIn(name, `${long}b`), undefined);
    assertEquals(typeof await logIn(name, `${long}a`), "string");
  });
});

describe("8. a header that can't be read", () => {
  const none = (part: unknown) =>
    new TextEncoder().encode(JSON.stringify(part)).toBase64({ alphabet: "base64url" });

  it("is 400 in the envelope on every path, and never worse", async () => {
    const { payload } = decode(admin);
    const nowS = Math.floor(Date.now() / 1000);
    const headers = [
      "no_token",
      "a.b.c",
      "..",
      "Bearer",
      "Bearer ",
      "Bearer a b",
      "Basic YWRtaW46YWRtaW4=",
      "the bearer",
      "\u00ff\u00fe",
      "x".repeat(5_000),
      `${none({ alg: "none", typ: "JWT" })}.${none(payload)}.`,
      await sign(payload, SECRET, "HS512"),
      await sign({ ...payload, nbf: nowS + 600 }, SECRET),
      await sign({ ...payload, iat: nowS + 600 }, SECRET),
      await sign({ ...payload, exp: "tomorrow" } as never, SECRET),
      await sign({ ...payload, user_id: undefined } as never, SECRET),
      await sign({ ...payload, user_id: ["admin"] } as never, SECRET),
      await sign({ ...payload, epoch: "0" } as never, SECRET),
    ];
    for (const token of headers) {
      for (const path of ["/", "/api/auth", "/api/users", "/nothing/here"]) {
        const answer = await call("GET", path, { token });
        assertEquals(told(answer), INVALID, `${token.slice(0, 40)} ${path}`);
      }
    }
    assertEquals(api.errors, []);
  });

  it("that is empty is nobody's", async () => {
    for (const token of ["", " "]) {
      assertEquals(told(await call("GET", "/", { token })), [401, "Unauthorized"]);
    }
  });
});

describe("27. a password change that says it was done and wasn't", () => {
  it("with the password alone, the new one lets in and the old one doesn't", async () => {
    const { name, path } = await someone();
    const answer = await call("PUT", path, { token: admin, body: { password: "the second" } });
    assertEquals(told(answer), [200, `edited user ${name}`]);
    assertEquals(await logIn(name), undefined);
    assertEquals(typeof await logIn(name, "the second"), "string");
  });
});

describe("30. nothing is written down, and browsers are told nothing", () => {
  const records = (target: string) =>
    api.database.client.db(api.database.name).collection("audit")
      .find({ target }, { sort: { at: 1 } }).toArray();

  it("each change of accounts is in the audit: who, what, when, from where, how it ended", async () => {
    const { name, path, token } = await someone({ email: "a@example.org" });
    await call("PUT", path, {
      token: admin,
      body: { password: "the second", roles: ["service"] },
      headers: { "x-request-id": "of-this-test" },
    });
    await call("POST", "/api/users", {
      token: admin,
      body: { username: name, password: "again!" },
    });
    await call("DELETE", `${path}/tokens`, { token: admin });
    await call("DELETE", path, { token: admin });
    assertEquals(await ping(token), INVALID);
    const found = await records(name);
    assertEquals(found.map(({ action, outcome }) => [action, outcome]), [
      ["user.add", "done"],
      ["user.edit", "done"],
      ["user.add", `user ${name} already exists`],
      ["user.log_out", "done"],
      ["user.remove", "done"],
    ]);
    for (const { who, address, at, token_id } of found) {
      assertEquals([who, address, token_id], [ADMIN.username, "127.0.0.1", null]);
      assert(Math.abs(at.getTime() - Date.now()) < 60_000);
    }
    assertEquals(found[1]!.request_id, "of-this-test");
    assertEquals(found[1]!.details, { roles: ["service"], password: "changed" });
    for (const secret of [PASSWORD, "the second", "again!"]) {
      assert(!JSON.stringify(found).includes(secret));
    }
  });

  it("what a token did is told from what its user did", async () => {
    const { token, name } = await someone({ roles: ["admin"] });
    const made = await personal(token, ["read", "users"]);
    const target = crypto.randomUUID();
    const body = { username: target, password: PASSWORD };
    assertEquals((await call("POST", "/api/users", { token: made.token, body })).status, 200);
    const [record] = await records(target);
    assertEquals([record!.who, record!.token_id], [name, made.id]);
    assertEquals((await records(name)).map(({ action }) => action), ["user.add", "token.add"]);
  });

  it("the audit and the tokens are for the admin's eyes, and hold no secret", async () => {
    const { token } = await someone();
    for (const catalog of ["audit", "tokens"]) {
      const body = { query_type: "find", query: { catalog, filter: {} } };
      assertEquals((await call("POST", "/api/queries", { token, body })).status, 400);
      assertEquals((await call("POST", "/api/queries", { token: admin, body })).status, 200);
      const names = { query_type: "info", query: { command: "catalog_names" } };
      const listed = await call("POST", "/api/queries", { token, body: names });
      assertEquals(listed.body.data.includes(catalog), false);
    }
  });

  it("every answer has an id, says what it is, and not what made it", async () => {
    for (const path of ["/", "/healthz", "/nothing", "/api/whoami"]) {
      const { headers } = await call("GET", path, { token: admin });
      assert(/^[\w.-]{36}$/.test(headers.get("x-request-id") ?? ""), path);
      assertEquals(headers.get("x-content-type-options"), "nosniff");
      assertEquals(headers.get("cache-control"), "no-store");
      for (const banner of ["server", "x-powered-by", "via"]) {
        assertEquals(headers.get(banner), null);
      }
    }
  });
});
