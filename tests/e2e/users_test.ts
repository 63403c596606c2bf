/** Users, roles and tokens as clients meet them: client, edge, core, MongoDB. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { hashSync } from "bcryptjs";
import { PERMISSIONS } from "../../core/contract/permissions.ts";
import { ADMIN, startApi, type TestApi } from "../support/api.ts";
import { type Answer, type Client, clientOf } from "../support/client.ts";

let api: TestApi;
let call: Client;
let token: string;

before(async () => {
  api = await startApi();
  call = clientOf(api.edge.url);
  token = await api.token();
});
after(async () => await api[Symbol.asyncDispose]());

const users = () =>
  api.database.client.db(api.database.name)
    // deno-lint-ignore no-explicit-any
    .collection<any>("users");
const told = ({ status, body }: Answer) => [status, body.message];
const add = (body: unknown) => call("POST", "/api/users", { token, body });
const edit = (name: string, body: unknown) =>
  call("PUT", `/api/users/${encodeURIComponent(name)}`, { token, body });
const remove = (name: string) =>
  call("DELETE", `/api/users/${encodeURIComponent(name)}`, { token });
const logIn = (username: string, password: string) =>
  call("POST", "/api/auth", { body: { username, password } });

describe("the original's own tests of users", () => {
  it("test_ping: a Bearer token of the admin", async () => {
    const answer = await call("GET", "/", { token: `Bearer ${token}` });
    assertEquals(told(answer), [200, "greetings from Kowalski!"]);
  });

  it("test_auth: the configured admin gets a token", async () => {
    const { status, body } = await logIn(ADMIN.username, ADMIN.password);
    assertEquals([status, typeof body.token], [200, "string"]);
  });

  it("test_auth_error: an unknown user is Unauthorized", async () => {
    const { status, body } = await logIn("nobody", "nothing");
    assertEquals([status, body.status, body.message], [401, "error", "Unauthorized"]);
  });

  it("test_users: add, a password alone, a name alone, remove", async () => {
    const [name, newName, password, newPassword] = ["ab12cd", "ef34gh", "ij56kl", "mn78op"];
    assertEquals(told(await add({ username: name, password })), [200, `added user ${name}`]);
    assertEquals(told(await edit(name, { password: newPassword })), [200, `edited user ${name}`]);
    assertEquals(told(await edit(name, { username: newName })), [200, `edited user ${name}`]);
    assertEquals((await logIn(newName, newPassword)).status, 200);
    assertEquals(told(await remove(newName)), [200, `removed user ${newName}`]);
  });
});

describe("POST /api/users", () => {
  it("stores what the original stores, and times in UTC", async () => {
    const before = Date.now();
    await add({ username: "stored", password: "a password", email: "s@example.org" });
    const user = await users().findOne({ _id: "stored" });
    assertEquals(
      [user.email, user.permissions, typeof user.password],
      ["s@example.org", {}, "string"],
    );
    assert(before <= user.last_modified.getTime() && user.last_modified.getTime() <= Date.now());
    assert(!atob(user.password).includes("a password"));
  });

  for (
    const [what, body] of [
      ["no name", { password: "a password" }],
      ["an empty name", { username: "", password: "a password" }],
      ["no password", { username: "x" }],
      ["an empty password", { username: "x", password: "" }],
    ] as const
  ) {
    it(`refuses ${what}, as ever`, async () => {
      assertEquals(told(await add(body)), [400, "username and password must be set"]);
    });
  }

  for (
    const [what, body] of [
      ["no JSON", "username=x&password=y"],
      ["a list", []],
      ["nothing", ""],
      ["a name that is a number", { username: 5, password: "a password" }],
      ["a name that is an object", { username: { $ne: "" }, password: "a password" }],
      ["a name that a path can't hold", { username: "..", password: "a password" }],
      ["a name with a line break", { username: "a\nb", password: "a password" }],
      ["a password that is a list", { username: "x", password: ["a password"] }],
      ["a short password", { username: "x", password: "short" }],
      ["an unknown role", { username: "x", password: "a password", roles: ["root"] }],
      ["a programid that is text", { username: "x", password: "a password", programids: ["1"] }],
      ["roles that are text", {
        username: "x",
        password: "a password",
        permissions: { roles: "admin" },
      }],
      ["an operator", { username: "x", password: "a password", permissions: { $set: 1 } }],
      ["a hidden operator", {
        username: "x",
        password: "a password",
        permissions: { deep: [{ '$"x': 1 }] },
      }],
      ["a long name", { username: "x".repeat(201), password: "a password" }],
      ["large permissions", {
        username: "x",
        password: "a password",
        permissions: "x".repeat(20_000),
      }],
    ] as const
  ) {
    it(`refuses ${what}, tells no password, stores nothing`, async () => {
      const answer = await add(body);
      assertEquals([answer.status, answer.body.status], [400, "error"]);
      assert(!answer.text.includes("a password") && !answer.text.includes("short"));
      assertEquals(await users().countDocuments({ _id: "x" }), 0);
      assertEquals(api.errors, []);
    });
  }

  it("refuses a name that is taken, also when both come at once", async () => {
    const twice = await Promise.all(
      [1, 2].map(() => add({ username: "twice", password: "a password" })),
    );
    assertEquals(twice.map(({ status }) => status).sort(), [200, 409]);
    assertEquals(told(await add({ username: ADMIN.username, password: "a password" })), [
      409,
      `user ${ADMIN.username} already exists`,
    ]);
    assertEquals((await logIn(ADMIN.username, "a password")).status, 401);
  });

  it("takes any permissions, as the original does, and only ours count", async () => {
    for (const permissions of [{ write: true }, [1], "all", null, { roles: undefined }]) {
      const username = `any ${JSON.stringify(permissions)}`;
      assertEquals((await add({ username, password: "a password", permissions })).status, 200);
      const { body } = await call("GET", `/api/users/${encodeURIComponent(username)}`, { token });
      assertEquals([body.data.roles, body.data.programids], [["user"], [1]]);
    }
  });
});

describe("PUT /api/users/{username}", () => {
  const fresh = async () => {
    const username = crypto.randomUUID();
    await add({ username, password: "the first" });
    return username;
  };

  it("sets the password of the user in the path", async () => {
    const name = await fresh();
    await edit(name, { password: "the second" });
    assertEquals((await logIn(name, "the first")).status, 401);
    assertEquals((await logIn(name, "the second")).status, 200);
  });

  it("takes both fields, as clients send that knew the original's fault", async () => {
    const name = await fresh();
    assertEquals((await edit(name, { username: name, password: "the second" })).status, 200);
    assertEquals((await logIn(name, "the second")).status, 200);
    assertEquals((await edit(name, { username: "", password: "the third" })).status, 200);
    assertEquals((await logIn(name, "the third")).status, 200);
  });

  it("renames, with all that is the user's", async () => {
    const name = await fresh();
    await edit(name, { email: "e@example.org", roles: ["service"], programids: [1, 2] });
    const before = await users().findOne({ _id: name });
    await edit(name, { username: `${name} new` });
    const { tokens_valid_from: _, last_modified: __, ...after } = await users()
      .findOne({ _id: `${name} new` });
    const { tokens_valid_from: ___, last_modified: ____, ...was } = before;
    assertEquals(after, { ...was, _id: `${name} new` });
    assertEquals(await users().findOne({ _id: name }), null);
  });

  it("renames wholly or not at all, also when two take one name", async () => {
    const [a, b] = [await fresh(), await fresh()];
    const both = await Promise.all([a, b].map((name) => edit(name, { username: `${a} both` })));
    assertEquals(both.map(({ status }) => status).sort(), [200, 409]);
    const left = await users().countDocuments({ _id: { $in: [a, b, `${a} both`] } });
    assertEquals(left, 2);
  });

  it("refuses a name that is taken, and a user who isn't there", async () => {
    const [a, b] = [await fresh(), await fresh()];
    assertEquals(told(await edit(a, { username: b })), [409, `user ${b} already exists`]);
    assertEquals(told(await edit("nobody", { password: "a password" })), [
      404,
      "user nobody not found",
    ]);
    assertEquals(told(await edit("nobody", { username: "somebody" })), [
      404,
      "user nobody not found",
    ]);
    assertEquals((await edit(a, { password: 5 })).status, 400);
    assertEquals((await logIn(a, "the first")).status, 200);
  });

  it("changes e-mail, roles and programids, each for itself", async () => {
    const name = await fresh();
    await edit(name, { roles: ["service"] });
    await edit(name, { programids: [1, 3] });
    await edit(name, { email: "n@example.org" });
    const { body } = await call("GET", `/api/users/${name}`, { token });
    const { last_modified: _, ...data } = body.data;
    assertEquals(data, {
      username: name,
      email: "n@example.org",
      roles: ["service"],
      permissions: ["read", "classify", "skymaps", "filters", "triggers"],
      programids: [1, 3],
    });
    await edit(name, { permissions: { roles: ["user"] }, email: null });
    const after = (await call("GET", `/api/users/${name}`, { token })).body.data;
    assertEquals([after.roles, after.programids, after.email], [["user"], [1], null]);
  });

  it("refuses to rename the superuser or to change what they may do, and no more", async () => {
    const { username, password } = ADMIN;
    assertEquals(told(await edit(username, { username: "other" })), [
      400,
      "cannot rename the superuser!",
    ]);
    assertEquals((await edit(username, { roles: ["user"] })).status, 400);
    assertEquals((await edit(username, { email: "admin@example.org" })).status, 200);
    assertEquals((await edit(username, { username, password })).status, 200);
    token = (await logIn(username, password)).body.token;
    assertEquals((await call("GET", "/", { token })).status, 200);
  });
});

describe("DELETE /api/users/{username}", () => {
  it("refuses the superuser, and who isn't there with 400, as ever", async () => {
    assertEquals(told(await remove(ADMIN.username)), [400, "cannot remove the superuser!"]);
    assertEquals(told(await remove("nobody")), [400, "user nobody not found"]);
  });
});

describe("a name in a path", () => {
  for (const name of ["a/b", "ünï/☆ %2F", "a%2Fb", "x/tokens", "?q=1#f", "a b+c", "%"]) {
    it(`may be ${name}`, async () => {
      assertEquals((await add({ username: name, password: "a password" })).status, 200);
      const path = `/api/users/${encodeURIComponent(name)}`;
      assertEquals((await call("GET", path, { token })).body.data.username, name);
      assertEquals((await edit(name, { password: "another one" })).status, 200);
      const own = (await logIn(name, "another one")).body.token;
      const { body } = await call("GET", "/api/whoami", { token: own });
      assertEquals(body.data.username, name);
      assertEquals(told(await remove(name)), [200, `removed user ${name}`]);
    });
  }
});

describe("GET /api/users", () => {
  it("lists all by name, without anything that a password could be found by", async () => {
    await add({ username: "listed", password: "a password" });
    const { status, body, text } = await call("GET", "/api/users", { token });
    // deno-lint-ignore no-explicit-any
    const names = body.data.map(({ username }: any) => username);
    assertEquals([status, names.includes("listed")], [200, true]);
    assertEquals(names, [...names].sort());
    assert(!/password|hash|\$2b\$/.test(text));
    // deno-lint-ignore no-explicit-any
    const admin = body.data.find(({ username }: any) => username === ADMIN.username);
    assertEquals([admin.roles, admin.permissions], [["admin"], [...PERMISSIONS]]);
    assertEquals((await call("GET", "/api/users/nobody", { token })).status, 404);
  });
});

describe("a password", () => {
  it("that the original stored lets in, and is stored anew as ours", async () => {
    await users().insertOne({
      _id: "legacy",
      email: null,
      password: btoa(hashSync("from long ago", 4)),
      permissions: {},
      last_modified: new Date(),
    });
    assertEquals((await logIn("legacy", "from long ago")).status, 200);
    const { password, tokens_valid_from } = await users().findOne({ _id: "legacy" });
    assert(atob(password).startsWith("$hmac-sha256$2b$"));
    // It is the same password: nobody is logged out.
    assertEquals(tokens_valid_from, undefined);
    assertEquals((await logIn("legacy", "from long ago")).status, 200);
    assertEquals((await logIn("legacy", "from long ag0")).status, 401);
  });
});

describe("what a user may do", () => {
  it("is nothing with users, for who has no role for it", async () => {
    await add({ username: "plain", password: "a password" });
    await add({ username: "program", password: "a password", roles: ["service"] });
    for (const name of ["plain", "program"]) {
      const own = (await logIn(name, "a password")).body.token;
      for (
        const [method, path] of [
          ["POST", "/api/users"],
          ["PUT", "/api/users/plain"],
          ["DELETE", "/api/users/program"],
          ["GET", "/api/users"],
          ["GET", "/api/users/plain"],
        ] as const
      ) {
        const { status, body } = await call(method, path, { token: own });
        assertEquals([status, body.message.startsWith("Forbidden")], [403, true]);
        assertEquals((await call(method, path)).status, 401);
      }
    }
  });

  it("is all that the admin may with the role, but not to become the superuser", async () => {
    await add({ username: "second", password: "a password", roles: ["admin"] });
    const own = (await logIn("second", "a password")).body.token;
    assertEquals((await call("GET", "/api/users", { token: own })).status, 200);
    const path = `/api/users/${ADMIN.username}`;
    const body = { password: "mine now" };
    assertEquals((await call("PUT", path, { token: own, body })).status, 403);
    assertEquals((await call("DELETE", path, { token: own })).status, 400);
    assertEquals(told(await remove("second")), [200, "removed user second"]);
  });
});
