/** A core, and an edge before it, on free local ports and a database of their own: for tests of the API. */
import { loadFolder } from "../../core/base/registry.ts";
import { getLog } from "../../core/base/log.ts";
import { importSharedKey } from "../../core/contract/edge.ts";
import type { QueryDef } from "../../core/contract/query.ts";
import { startPasswords } from "../../core/archive/passwords.ts";
import { PROTECTED_COLLECTIONS } from "../../core/archive/protected.ts";
import {
  checkCredentials,
  ensureAdmin,
  findUser,
  type UserRules,
} from "../../core/archive/users.ts";
import { type AccessRules } from "../../core/archive/guards.ts";
import { REPLAY_QUOTA } from "../../core/archive/replay_store.ts";
import { createStores, ensureStores } from "../../core/archive/stores.ts";
import { archiveView } from "../../core/archive/view.ts";
import ztf from "../../catalogs/live/ztf.ts";
import type { SkymapReader } from "../../core/contract/skymaps.ts";
import type { Telescope } from "../../core/contract/triggers.ts";
import type { OperationDef } from "../../core/operation.ts";
import { type CoreServerDeps, createCoreServer } from "../../core/server.ts";
import { createSkymapReader } from "../../core/skymaps/thread.ts";
import { openTelescope } from "../../core/telescope/telescope.ts";
import type { FormatDef } from "../../core/server/format.ts";
import { type EdgeOptions, type RunningEdge, startEdge } from "../../edge/serve.ts";
import { type TestDatabase, testDatabase } from "./mongo.ts";

export const SECRET = "a secret that only tests know, and longer than 32";
export const ADMIN = { username: "admin", password: "a password of tests" };

const ALL_PROGRAM_IDS = [1, 2, 3];
export const userRules: UserRules = {
  adminUsername: ADMIN.username,
  defaultProgramIds: [1],
  allProgramIds: ALL_PROGRAM_IDS,
};
export const accessRules: AccessRules = {
  surveys: [{
    collections: ztf.collections,
    rowAccess: (ids) => ({ "candidate.programid": { $in: [...ids] } }),
  }],
  protectedCollections: PROTECTED_COLLECTIONS,
  allProgramIds: ALL_PROGRAM_IDS,
};

export interface TestApi extends AsyncDisposable {
  readonly database: TestDatabase;
  readonly coreUrl: string;
  readonly edge: RunningEdge;
  /** Faults of core and edge, which no test should meet by chance. */
  readonly errors: unknown[];
  /** What a client gets for a query, as text; logs in as `user` first. */
  query(body: unknown, user?: { username: string; password: string }): Promise<Response>;
  token(user?: { username: string; password: string }): Promise<string>;
}

/** With the administrator, and with what the documents say. */
export async function startApi(
  overrides: Partial<CoreServerDeps> = {},
  edgeOverrides: Partial<EdgeOptions> = {},
  telescope: Telescope = openTelescope({ kind: "none" }, getLog("test")),
  skymapReader: SkymapReader = createSkymapReader({ hosts: ["maps.example"] }),
): Promise<TestApi> {
  const database = await testDatabase();
  const db = database.client.db(database.name);
  const passwords = startPasswords({ cost: 4 });
  await ensureAdmin(db, ADMIN, passwords);
  await ensureStores({ db, surveys: [ztf] });
  const errors: unknown[] = [];
  const onError = (error: unknown) => void errors.push(error);
  const core = createCoreServer({
    sharedKey: await importSharedKey(SECRET),
    queries: await loadFolder<QueryDef<unknown>>(
      new URL("../../core/queries/", import.meta.url),
    ),
    formats: await loadFolder<FormatDef>(
      new URL("../../core/server/formats/", import.meta.url),
    ),
    operations: await loadFolder<OperationDef<unknown>>(
      new URL("../../core/operations/", import.meta.url),
    ),
    stores: createStores({
      db,
      surveys: [ztf],
      rules: userRules,
      passwords,
      telescope,
      skymapReader,
      // Small parts, so that there are several of them.
      replays: { ...REPLAY_QUOTA, partAlertsMin: 2 },
    }),
    view: (principal, request) =>
      archiveView(db, principal, accessRules, { ...request, comment: principal.name }),
    findUser: (name) => findUser(db, name, userRules),
    checkCredentials: (credentials) => checkCredentials(db, credentials, userRules, passwords),
    ready: () => true,
    health: () => ({ archive: "ok" }),
    metrics: () => "up 1\n",
    onError,
    ...overrides,
  });
  const coreServer = Deno.serve(
    { hostname: "127.0.0.1", port: 0, onListen: () => {} },
    (request) => core.fetch(request),
  );
  const coreUrl = `http://127.0.0.1:${coreServer.addr.port}`;
  const edge = await startEdge({ ...edgeOptions(coreUrl), onError, ...edgeOverrides });
  const tokens = new Map<string, Promise<string>>();
  const token = (user = ADMIN) => {
    const known = tokens.get(user.username) ?? logIn(edge.url, user);
    tokens.set(user.username, known);
    return known;
  };
  return {
    database,
    coreUrl,
    edge,
    errors,
    token,
    query: async (body, user) =>
      await fetch(`${edge.url}/api/queries`, {
        method: "POST",
        headers: { authorization: await token(user) },
        body: typeof body === "string" ? body : JSON.stringify(body),
      }),
    async [Symbol.asyncDispose]() {
      await edge.close();
      await coreServer.shutdown();
      passwords[Symbol.dispose]();
      await database[Symbol.asyncDispose]();
    },
  };
}

/** An edge before one core, with limits that no test meets by chance. */
export function edgeOptions(coreUrl: string): EdgeOptions {
  const plenty = { perMinute: 1_000_000, burst: 1_000_000 };
  return {
    host: "127.0.0.1",
    port: 0,
    cores: [coreUrl],
    sharedSecret: SECRET,
    tokens: { keys: [SECRET], algorithm: "HS256", lifetimeS: 3600 },
    limits: { address: plenty, user: plenty, logIn: plenty, work: plenty },
    bodyBytesMax: 1024 * 1024,
    penquinsVersions: [],
    onError: () => {},
  };
}

async function logIn(url: string, user: { username: string; password: string }): Promise<string> {
  const response = await fetch(`${url}/api/auth`, { method: "POST", body: JSON.stringify(user) });
  const { token } = await response.json();
  return token;
}
