/** The original's hole 5: programs that hold the superuser's token. Roles, and personal access tokens. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { type Accounts, INVALID, startAccounts, told, WELL } from "../support/accounts.ts";
import type { TestApi } from "../support/api.ts";
import type { Client } from "../support/client.ts";

let accounts: Accounts;
let api: TestApi;
let admin: string;

before(async () => {
  accounts = await startAccounts();
  ({ api, admin } = accounts);
});
after(async () => await accounts[Symbol.asyncDispose]());

const call: Client = (...args) => accounts.call(...args);
const someone: Accounts["someone"] = (...args) => accounts.someone(...args);
const personal: Accounts["personal"] = (...args) => accounts.personal(...args);
const ping: Accounts["ping"] = (...args) => accounts.ping(...args);

describe("5. programs that have to hold the superuser's token", () => {
  it("a service keeps filters, and has no say over users", async () => {
    const { token } = await someone({ roles: ["service"] });
    const { body } = await call("GET", "/api/whoami", { token });
    assertEquals(body.data.permissions, ["read", "classify", "skymaps", "filters", "triggers"]);
    assertEquals((await call("GET", "/api/users", { token })).status, 403);
  });

  it("a personal access token is good for its scopes, in both forms of the header", async () => {
    const { name, token } = await someone({ roles: ["admin"] });
    const made = await personal(token, ["read", "filters"]);
    assert(/^kow_[0-9A-Za-z]{32}$/.test(made.token));
    for (const header of [made.token, `Bearer ${made.token}`]) {
      const { body } = await call("GET", "/api/whoami", { token: header });
      assertEquals(body.data, {
        username: name,
        permissions: ["read", "filters"],
        programids: [1, 2, 3],
      });
    }
    assertEquals((await call("GET", "/api/users", { token: made.token })).status, 403);
    const query = { query_type: "find", query: { catalog: "users", filter: {} } };
    const answer = await call("POST", "/api/queries", { token: made.token, body: query });
    assert(answer.status === 400 && answer.body.message.includes("Protected collection"));
  });

  it("a token is worth no more than its user is by then", async () => {
    const { path, token } = await someone({ roles: ["service"] });
    const { token: program } = await personal(token, ["read", "filters"]);
    await call("PUT", path, { token: admin, body: { roles: ["user"] } });
    const { body } = await call("GET", "/api/whoami", { token: program });
    assertEquals(body.data.permissions, ["read"]);
  });

  it("nobody gives a token what they don't have, and a token makes no other", async () => {
    const { token } = await someone();
    const body = { name: "more", scopes: ["read", "users"] };
    const refused = await call("POST", "/api/tokens", { token, body });
    assertEquals(told(refused), [403, 'Forbidden: this needs the permission "users"']);
    const { token: program } = await personal(token, ["read"]);
    const again = { name: "another", scopes: ["read"] };
    assertEquals((await call("POST", "/api/tokens", { token: program, body: again })).status, 403);
    for (
      const wrong of [
        {},
        { name: "", scopes: ["read"] },
        { name: "x", scopes: [] },
        { name: "x", scopes: ["root"] },
        { name: "x", scopes: ["read"], expires_in_days: 0 },
        { name: "x", scopes: ["read"], expires_in_days: 10_000 },
      ]
    ) {
      assertEquals((await call("POST", "/api/tokens", { token, body: wrong })).status, 400);
    }
  });

  it("a token is shown once, listed without, and gone at once when removed", async () => {
    const { token } = await someone();
    const made = await personal(token, ["read"], { expires_in_days: 7 });
    const list = await call("GET", "/api/tokens", { token });
    assertEquals(list.body.data.map(({ id }: { id: string }) => id), [made.id]);
    assert(!list.text.includes(made.token) && !list.text.includes("hash"));
    const days = (Date.parse(made.expires_at) - Date.parse(made.created_at)) / 86_400_000;
    assertEquals(days, 7);
    assertEquals(list.body.data[0].last_used_at, null);
    assertEquals(await ping(made.token), WELL);
    const used = (await call("GET", "/api/tokens", { token })).body.data[0].last_used_at;
    assert(Math.abs(Date.parse(used) - Date.now()) < 60_000);

    const stranger = await someone();
    const path = `/api/tokens/${made.id}`;
    assertEquals((await call("DELETE", path, { token: stranger.token })).status, 404);
    assertEquals(await ping(made.token), WELL);
    assertEquals(told(await call("DELETE", path, { token })), [200, "removed token a program"]);
    assertEquals(await ping(made.token), INVALID);
    const stored = await api.database.client.db(api.database.name).collection("tokens")
      .find({ hash: { $exists: true } }).toArray();
    assert(stored.length > 0 && !JSON.stringify(stored).includes("kow_"));
  });

  it("a token that has ended says so", async () => {
    const { token } = await someone();
    const made = await personal(token, ["read"]);
    // deno-lint-ignore no-explicit-any
    const tokens = api.database.client.db(api.database.name).collection<any>("tokens");
    await tokens.updateOne({ _id: made.id }, { $set: { expires_at: new Date(Date.now() - 1) } });
    assertEquals(await ping(made.token), [400, "token has expired"]);
    for (const wrong of ["kow_", `kow_${"x".repeat(32)}`]) assertEquals(await ping(wrong), INVALID);
  });

  it("a new password voids tokens that somebody may have made with the old one", async () => {
    const { path, token } = await someone();
    const { token: program } = await personal(token, ["read"]);
    await call("PUT", path, { token: admin, body: { password: "the second" } });
    assertEquals(await ping(program), INVALID);
  });

  it("a renamed user's programs go on", async () => {
    const { name, path, token } = await someone();
    const { token: program } = await personal(token, ["read"]);
    await call("PUT", path, { token: admin, body: { username: `${name}-2` } });
    const { body } = await call("GET", "/api/whoami", { token: program });
    assertEquals(body.data.username, `${name}-2`);
  });
});
