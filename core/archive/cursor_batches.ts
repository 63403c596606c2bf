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
      yield [first, ...cursor.readBufferedDocuments()] as RawDocument[];
    }
  } catch (error) {
    throw signal.aborted ? signal.reason : toQueryError(error);
  } finally {
    if (!signal.aborted) await cursor.close();
    else if (!id.isZero()) await killCursor(db, cursor, id);
  }
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

/** The error as it is told to who asks. */
export function toQueryError(error: unknown): unknown {
  if (isTransient(error)) {
    return new UnavailableError("Cannot reach the archive", { cause: error });
  }
  if (error instanceof MongoServerError) {
    return error.code === TIME_EXPIRED
      ? new QueryError("ExecutionTimeout: operation exceeded time limit", { cause: error })
      : new QueryError(`OperationFailure: ${error.message}`, { cause: error });
  }
  // What the driver itself can't make a command of: a wrong hint, a document too large.
  if (error instanceof MongoAPIError || error instanceof BSON.BSONError) {
    return new QueryError(`OperationFailure: ${error.message}`, { cause: error });
  }
  return error;
}
