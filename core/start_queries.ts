/** The core's other half: answers what the edge asks of the archive. */
import type { Archive } from "./archive/open.ts";
import { startPasswords } from "./archive/passwords.ts";
import { checkCredentials, ensureAdmin, findUser, type UserRules } from "./archive/users.ts";
import { createStores } from "./archive/stores.ts";
import { archiveView } from "./archive/view.ts";
import type { Log } from "./base/log.ts";
import { loadFolder } from "./base/registry.ts";
import type { Settings } from "./base/settings_schema.ts";
import { importSharedKey } from "./contract/edge.ts";
import type { QueryDef } from "./contract/query.ts";
import type { SurveyDef } from "./contract/survey.ts";
import type { OperationDef } from "./operation.ts";
import { createCoreServer } from "./server.ts";

export interface QueriesDeps {
  readonly settings: Settings;
  readonly archive: Archive;
  readonly surveys: readonly SurveyDef[];
  readonly log: Log;
  ready(): boolean;
  health(): unknown;
  metrics(): Promise<string>;
  /** Told of each query when it ended. */
  onQuery(query: { readonly type: string; readonly seconds: number; readonly ok: boolean }): void;
}

export interface Queries extends AsyncDisposable {
  readonly url: string;
}

/** What users may see whose `permissions` don't say, and what there is. */
const PUBLIC_PROGRAM_IDS = [1];
const ALL_PROGRAM_IDS = [0, 1, 2, 3];
/** Collections that no query reads, whatever they are named in a pipeline. */
const PROTECTED = new Set(["users", "filters", "queries", "outbox", "rejected", "demo"]);

/** Listens when it resolves; the first administrator is there by then. */
export async function startQueries(deps: QueriesDeps): Promise<Queries> {
  const { settings, archive, log } = deps;
  const { db } = archive;
  const { admin_username: adminUsername, admin_password: password } = settings.server;
  const rules: UserRules = {
    adminUsername,
    defaultProgramIds: PUBLIC_PROGRAM_IDS,
    allProgramIds: ALL_PROGRAM_IDS,
  };
  const passwords = startPasswords();
  await ensureAdmin(db, { username: adminUsername, password: password! }, passwords);
  const access = {
    surveys: deps.surveys,
    protectedCollections: PROTECTED,
    allProgramIds: ALL_PROGRAM_IDS,
  };
  const app = createCoreServer({
    sharedKey: await importSharedKey(settings.core.edge_key!),
    queries: await loadFolder<QueryDef<unknown>>(new URL("queries/", import.meta.url)),
    operations: await loadFolder<OperationDef<unknown>>(new URL("operations/", import.meta.url)),
    stores: createStores({ db, surveys: deps.surveys, rules, passwords }),
    view: (principal, request) =>
      archiveView(db, principal, access, { ...request, comment: principal.name }),
    findUser: (name) => findUser(db, name, rules),
    checkCredentials: (credentials) => checkCredentials(db, credentials, rules, passwords),
    maxTimeMs: settings.misc.max_time_ms,
    ready: deps.ready,
    health: deps.health,
    metrics: deps.metrics,
    onQuery: deps.onQuery,
    onError: (error) => log.error("a request failed", { error: String(error) }),
  });
  const { host: hostname, port } = settings.core;
  const server = Deno.serve(
    { hostname, port, onListen: () => {} },
    (request) => app.fetch(request),
  );
  return {
    url: `http://${hostname}:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      await server.shutdown();
      passwords[Symbol.dispose]();
    },
  };
}
