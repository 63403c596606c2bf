/** The archive of this machine alone: a MongoDB of our own, with its data in the data folder. */
import type { Settings } from "../../core/base/settings_schema.ts";
import { type LocalMongo, startMongo } from "./mongo.ts";

/** Where it keeps its data. */
export function localMongoDir({ core }: Settings): string {
  return `${core.data_dir}/mongo`;
}

/** Starts it as settings say; `cacheSizeGB` is for settings that don't. */
export function startLocalArchive(
  settings: Settings,
  { cacheSizeGB, onProgress }: { cacheSizeGB?: number; onProgress: (line: string) => void },
): Promise<LocalMongo> {
  return startMongo({
    dataDir: localMongoDir(settings),
    cacheDir: settings.core.cache_dir ?? undefined,
    mongod: settings.database.mongod ?? undefined,
    cacheSizeGB: settings.database.max_wired_tiger_cache ?? cacheSizeGB,
    onProgress,
  });
}
