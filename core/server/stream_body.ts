/** Text or bytes that come in pieces, as the body of a response. */
import { countSent } from "./collect.ts";
import type { Piece, Progress } from "./format.ts";

export interface StreamOptions {
  readonly headers: Record<string, string>;
  /** Told when the status is sent. */
  readonly progress?: Progress;
  /** The reader has gone. */
  cancel(): void;
  /** All is sent, or nothing more will be: then with the reason. Called once. */
  ended(error?: unknown): void;
}

/** So much is held back until the status is sent: most answers are whole by then, or have failed. */
const HELD_BYTES = 256 * 1024;
/** Small pieces cost more to send than to copy. */
const CHUNK_CHARS = 64 * 1024;

/**
 * Resolves when it is known how the body begins: whole, where it is short, or as a stream that reads
 * on as fast as its reader does. Rejects where the pieces fail before that.
 */
export async function streamBody(
  pieces: AsyncGenerator<Piece>,
  { headers, progress, cancel, ended }: StreamOptions,
): Promise<Response> {
  const chunks = toChunks(pieces);
  const held: Uint8Array<ArrayBuffer>[] = [];
  for (let bytes = 0; bytes < HELD_BYTES;) {
    const { done, value } = await chunks.next();
    if (done) {
      ended();
      return new Response(held.length === 1 ? held[0]! : new Blob(held), { headers });
    }
    held.push(value);
    bytes += value.length;
  }
  if (progress) progress.isSent = true;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const first = held.shift();
      if (first) return controller.enqueue(first);
      try {
        const { done, value } = await chunks.next();
        if (!done) {
          countSent(value.length);
          return controller.enqueue(value);
        }
        controller.close();
        ended();
      } catch (error) {
        controller.error(error);
        ended(error);
      }
    },
    async cancel(reason) {
      cancel();
      await chunks.return(undefined).catch(() => {});
      ended(reason ?? new DOMException("The reader has gone", "AbortError"));
    },
  }, { highWaterMark: 0 });
  return new Response(body, { headers });
}

/** Pieces of text are put together; bytes go as they are. */
async function* toChunks(pieces: AsyncGenerator<Piece>): AsyncGenerator<Uint8Array<ArrayBuffer>> {
  const encoder = new TextEncoder();
  let text = "";
  for await (const piece of pieces) {
    if (typeof piece === "string") text += piece;
    if (text.length >= CHUNK_CHARS || (text !== "" && typeof piece !== "string")) {
      yield encoder.encode(text);
      text = "";
    }
    if (typeof piece !== "string" && piece.length > 0) yield piece;
  }
  if (text !== "") yield encoder.encode(text);
}
