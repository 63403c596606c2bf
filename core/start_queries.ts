/** The core's other half: answers what the edge asks of the archive. */
import type { Archive } from "./archive/open.ts";
import { startPasswords } from "./archive/passwords.ts";
import { PROTECTED_COLLECTIONS } from "./archive/protected.ts";
import { openReadOnly, type ReadOnlyArchive } from "./archive/read_only.ts";
import { checkCredentials, ensureAdmin, findUser, type UserRules } from "./archive/users.ts";
import { createStores, ensureStores } from "./archive/stores.ts";
import { archiveView } from "./archive/view.ts";
import type { Log } from "./base/log.ts";
import { loadFolder } from "./base/registry.ts";
import type { Settings } from "./base/settings_schema.ts";
import { importSharedKey } from "./contract/edge.ts";
import type { QueryDef } from "./contract/query.ts";
import type { SurveyDef } from "./contract/survey.ts";
import type { OperationDef } from "./operation.ts";
import { createCoreServer } from "./server.ts";
import type { FormatDef } from "./server/format.ts";
import { createSkymapReader } from "./skymaps/thread.ts";
import { openTelescope } from "./telescope/telescope.ts";
import { wayOf } from "./telescope/way.ts";

export interface QueriesDeps {
  readonly settings: Settings;
  readonly archive: Archive;
  /** Where the archive is: people's queries may have an account of their own. */
  readonly uri: string;
  readonly surveys: readonly SurveyDef[];
  readonly log: Log;
  /** Aborted when the end is near. */
  readonly stopping: AbortSignal;
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
/** With fewer, claiming parts of a replay costs more than sharing them gains. */
const BATCHES_OF_PART_MIN = 10;
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
  const telescope = openTelescope(wayOf(settings.ztf), log);
  await ensureAdmin(db, { username: adminUsername, password: password! }, passwords);
  await ensureStores({ db, surveys: deps.surveys });
  const access = {
    surveys: deps.surveys,
    protectedCollections: PROTECTED_COLLECTIONS,
    allProgramIds: ALL_PROGRAM_IDS,
  };
  const readOnly = await openQueriesAccount(deps);
  const { queries: limits } = settings;
  const answerMax = { documents: limits.documents_max, bytes: limits.bytes_max };
  const app = createCoreServer({
    sharedKey: await importSharedKey(settings.core.edge_key!),
    queries: await loadFolder<QueryDef<unknown>>(new URL("queries/", import.meta.url)),
    formats: await loadFolder<FormatDef>(new URL("server/formats/", import.meta.url)),
    operations: await loadFolder<OperationDef<unknown>>(new URL("operations/", import.meta.url)),
    stores: createStores({
      db,
      surveys: deps.surveys,
      rules,
      passwords,
      telescope,
      skymapReader: createSkymapReader({ hosts: settings.skymaps.url_hosts }),
      additionsOf: ({ instrument }) => ({
        catalogs: settings.database.xmatch[instrument] ?? [],
        models: Object.keys(settings.ml[instrument]?.models ?? {}),
      }),
      selectivity: {
        shareMax: settings.filters.share_max,
        alertsMax: settings.filters.share_alerts,
        night: settings.filters.share_night,
      },
      replays: {
        alertsMax: settings.filters.replay.alerts_max,
        ofUserMax: settings.filters.replay.of_user_max,
        partAlertsMin: BATCHES_OF_PART_MIN * settings.filters.replay.batch_max,
      },
      stopping: deps.stopping,
    }),
    view: (principal, request) =>
      archiveView(db, principal, access, {
        ...request,
        comment: principal.name,
        answerMax,
        readDb: readOnly?.db,
      }),
    findUser: (name) => findUser(db, name, rules),
    checkCredentials: (credentials) => checkCredentials(db, credentials, rules, passwords),
    maxTimeMs: settings.misc.max_time_ms,
    queriesMax: { all: limits.running_max, ofOne: limits.running_per_user_max },
    ready: deps.ready,
    health: deps.health,
    metrics: deps.metrics,
    onQuery: deps.onQuery,
    onError: (error, requestId) =>
      log.error("a request failed", { error: String(error), request_id: requestId }),
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
      await readOnly?.[Symbol.asyncDispose]();
      passwords[Symbol.dispose]();
      await telescope[Symbol.asyncDispose]();
    },
  };
}

/** Null: people's queries go by the account that everything goes by. */
async function openQueriesAccount(
  { settings, archive, uri, log }: QueriesDeps,
): Promise<ReadOnlyArchive | null> {
  const { read_only_username: username, read_only_password: password } = settings.database;
  if (username === null || password === null) return null;
  return await openReadOnly({
    db: archive.db,
    uri,
    account: { username, password },
    maxPoolSize: settings.database.max_pool_size,
    onFailure: (error) =>
      log.warn("the rights of the account of queries can't be kept up to date", {
        error: String(error),
      }),
  });
}
