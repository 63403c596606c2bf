/** A cursor as batches of raw documents, and what its errors mean to who asks. */
import { type AbstractCursor, BSON, type Db, Long, MongoAPIError, MongoServerError } from "mongodb";
import { QueryError, type RawDocument, UnavailableError } from "../contract/query.ts";
import { isTransient } from "./errors.ts";

/**
 * What the cursor gives, batch by batch as replies come. However the reading ends (all read, given
 * up, aborted, failed), the cursor is closed, on the server too. `signal` is the cursor's own.
 */
export async function* batchesOf(
  db: Db,
  cursor: AbstractCursor,
  signal: AbortSignal,
): AsyncGenerator<readonly RawDocument[]> {
  let id = Long.ZERO;
  try {
    for (;;) {
      signal.throwIfAborted();
      const first = await cursor.next();
      if (first === null) return;
      id = cursor.id ?? Long.ZERO;
      const batch = [first, ...cursor.readBufferedDocuments()] as RawDocument[];
      if (!id.isZero()) optionsOf(cursor).batchSize = nextLength(batch);
      yield batch;
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : toQueryError(error);
  } finally {
    if (!signal.aborted) await cursor.close();
    else if (!id.isZero()) await killCursor(db, cursor, id);
  }
}

/**
 * Bytes in a reply, about. Left to itself MongoDB fills 16 MB, of which the driver makes copies: an
 * answer then needs 100 MB more, and half as much time again; with more replies, waits tell.
 */
const REPLY_BYTES = 2_000_000;
const REPLY_DOCUMENTS_MAX = 5_000;

/** Internal to the driver, which sets it so itself between replies; it lets others only before the first. */
function optionsOf(cursor: AbstractCursor): { batchSize?: number } {
  return (cursor as unknown as { cursorOptions: { batchSize?: number } }).cursorOptions;
}

/** How many documents the next reply is to hold, to go by those of this one. */
function nextLength(batch: readonly RawDocument[]): number {
  const bytes = batch.reduce((sum, document) => sum + document.byteLength, 0);
  const wanted = Math.floor(REPLY_BYTES / (bytes / batch.length));
  return Math.min(REPLY_DOCUMENTS_MAX, Math.max(1, wanted));
}

/**
 * At an abort the driver begins to close its cursor, and where it was reading it ends, in a second
 * attempt, the session of the first: the cursor would stay open on the server for ten minutes.
 */
async function killCursor(db: Db, { namespace }: AbstractCursor, id: Long): Promise<void> {
  await db.command({ killCursors: namespace.collection, cursors: [id] })
    // A server that is away has no cursors either.
    .catch(() => {});
}

/** MongoDB's own numbers for its errors. */
const TIME_EXPIRED = 50;

/** Does the work, with the archive's errors as they are told to who asks. */
export async function told<T>(work: () => Promise<T>): Promise<T> {
  try {
    return await work();
  } catch (error) {
    throw toQueryError(error);
  }
}

/** Whether it is MongoDB's word for work that took longer than it may. */
export function isTimeUp(error: unknown): boolean {
  return error instanceof MongoServerError && error.code === TIME_EXPIRED;
}

/** The error as it is told to who asks. */
export function toQueryError(error: unknown): unknown {
  if (isTransient(error)) {
    return new UnavailableError("Cannot reach the archive", { cause: error });
  }
  if (error instanceof MongoServerError) {
    return isTimeUp(error)
      ? new QueryError("ExecutionTimeout: operation exceeded time limit", { cause: error })
      : new QueryError(`OperationFailure: ${error.message}`, { cause: error });
  }
  // What the driver itself can't make a command of: a wrong hint, a document too large.
  if (error instanceof MongoAPIError || error instanceof BSON.BSONError) {
    return new QueryError(`OperationFailure: ${error.message}`, { cause: error });
  }
  return error;
}
