/** The archive for a command: the one that is configured, or this machine's own. */
import { type Archive, openArchive } from "../../core/archive/open.ts";
import { databaseUri } from "../../core/base/database_uri.ts";
import type { Settings } from "../../core/base/settings.ts";
import { localMongoDir, startLocalArchive } from "../local/local_archive.ts";
import { runningMongo } from "../local/mongo.ts";

/**
 * Runs `work` on the archive. Where no server is configured, that of a running system is used, or
 * this machine's own is started for as long.
 */
export async function withArchive<T>(
  settings: Settings,
  work: (archive: Archive) => Promise<T>,
): Promise<T> {
  await using stack = new AsyncDisposableStack();
  const onProgress = (line: string) => console.error(line);
  const uri = databaseUri(settings.database) ??
    await runningMongo(localMongoDir(settings)) ??
    stack.use(await startLocalArchive(settings, { onProgress })).uri;
  const archive = stack.use(
    await openArchive({ uri, database: settings.database.db, appName: "kowalski-cli" }),
  );
  return await work(archive);
}
