/**
 * Inserts documents in as few messages as MongoDB takes.
 *
 * The driver's `insertMany` splits what it sends at 16 MB though a message may have 48 MB, so a
 * batch of 500 alerts (35 MB) would be three round trips. This sends one `insert` command with the
 * driver's own document sequence; the class is internal to the (pinned) driver, and a test counts
 * the commands.
 */
import type { ClientSession, Db } from "mongodb";
import { DocumentSequence } from "mongodb/lib/cmap/commands.js";
import type { Document } from "../contract/document.ts";
import { writeDocument } from "./bson_write.ts";

/** Below the 48,000,000 bytes of a message, with room for the command itself. */
const MESSAGE_BYTES_MAX = 46_000_000;

/** Some documents could not be written; `code` is that of the first. */
class InsertError extends Error {
  override name = "InsertError";
  constructor(message: string, readonly code: number) {
    super(message);
  }
}

/** All or (in a transaction) nothing. Throws an `InsertError` at the first document that fails. */
export async function insertAll(
  db: Db,
  collection: string,
  documents: readonly Document[],
  session: ClientSession,
): Promise<void> {
  let sequence = new DocumentSequence("documents");
  let bytes = 0;
  for (const document of documents) {
    const serialized = writeDocument(document);
    if (bytes > 0 && bytes + serialized.length > MESSAGE_BYTES_MAX) {
      await send(db, collection, sequence, session);
      sequence = new DocumentSequence("documents");
      bytes = 0;
    }
    // The first argument is for command monitoring only: a whole alert there would be kept alive.
    sequence.push({ _id: document._id }, serialized);
    bytes += serialized.length;
  }
  if (bytes > 0) await send(db, collection, sequence, session);
}

async function send(
  db: Db,
  collection: string,
  documents: DocumentSequence,
  session: ClientSession,
): Promise<void> {
  const answer = await db.command({ insert: collection, documents, ordered: true }, { session });
  const [failure] = answer.writeErrors ?? [];
  if (failure) {
    throw new InsertError(`Cannot insert into ${collection}: ${failure.errmsg}`, failure.code);
  }
}
