/** Opens the archive: a MongoDB that is a replica set (or sharded), since batches are transactions. */
import { type CommandStartedEvent, type Db, MongoClient } from "mongodb";

export interface ArchiveOptions {
  readonly uri: string;
  readonly database: string;
  /** Named in MongoDB's own log and `currentOp`. */
  readonly appName: string;
  /** Each broker worker runs one batch, with a few queries side by side. */
  readonly maxPoolSize?: number;
  /** Told of each command that is sent: for tests that count round trips. */
  readonly onCommand?: (event: CommandStartedEvent) => void;
}

export interface Archive extends AsyncDisposable {
  readonly client: MongoClient;
  readonly db: Db;
}

/** How long one try to reach a server may take; the callers try again. */
const SERVER_SELECTION_MS = 5_000;

/** Connects; rejects when no server can be reached in 5 s. */
export async function openArchive(options: ArchiveOptions): Promise<Archive> {
  const client = new MongoClient(options.uri, {
    appName: options.appName,
    maxPoolSize: options.maxPoolSize ?? 8,
    serverSelectionTimeoutMS: SERVER_SELECTION_MS,
    // An alert is stored when a majority holds it on disk: a crash of mongod can't take it back.
    writeConcern: { w: "majority", journal: true },
    monitorCommands: options.onCommand !== undefined,
  });
  if (options.onCommand) client.on("commandStarted", options.onCommand);
  try {
    await client.connect();
  } catch (error) {
    await client.close();
    throw error;
  }
  return {
    client,
    db: client.db(options.database),
    [Symbol.asyncDispose]: () => client.close(),
  };
}
