/** The archive for a command: the one that is configured, or this machine's own. */
import { type Archive, openArchive } from "../../core/archive/open.ts";
import { databaseUri } from "../../core/base/database_uri.ts";
import type { Settings } from "../../core/base/settings.ts";
import { runningMongo, startMongo } from "../local/mongo.ts";

/** Where this machine's own server keeps its data. */
export function localMongoDir(settings: Settings): string {
  return `${settings.core.data_dir}/mongo`;
}

/**
 * Runs `work` on the archive. Where no server is configured, that of a running system is used, or
 * this machine's own is started for as long.
 */
export async function withArchive<T>(
  settings: Settings,
  work: (archive: Archive) => Promise<T>,
): Promise<T> {
  await using stack = new AsyncDisposableStack();
  const uri = databaseUri(settings.database) ??
    await runningMongo(localMongoDir(settings)) ??
    stack.use(await startOwn(settings)).uri;
  const archive = stack.use(
    await openArchive({ uri, database: settings.database.db, appName: "kowalski-cli" }),
  );
  return await work(archive);
}

function startOwn(settings: Settings) {
  return startMongo({
    dataDir: localMongoDir(settings),
    cacheDir: settings.core.cache_dir ?? undefined,
    mongod: settings.database.mongod ?? undefined,
    cacheSizeGB: settings.database.max_wired_tiger_cache ?? undefined,
    onProgress: (line) => console.error(line),
  });
}
