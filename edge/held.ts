/** Answers of which the beginning is here, so that what fails before can still be asked elsewhere. */

/** Most answers are whole by then; cores hold as much back for the same reason. */
const HELD_BYTES = 256 * 1024;

/** What is told as it happens: the next of it may be hours away. */
const EVENTS = "text/event-stream";

/**
 * The same answer once it is whole, then with its length, or once 256 kB of it are here; a stream of
 * events at once. Rejects where it breaks before, or where `signal` is aborted; what comes later ends
 * with the stream that has it.
 */
export async function held(answer: Response, signal?: AbortSignal): Promise<Response> {
  const isEvents = answer.headers.get("content-type")?.startsWith(EVENTS) === true;
  if (answer.body === null || isEvents) return answer;
  const reader = answer.body.getReader();
  const end = () => void reader.cancel(signal?.reason).catch(() => {});
  signal?.addEventListener("abort", end, { once: true });
  try {
    return await begun(answer, reader, signal);
  } finally {
    signal?.removeEventListener("abort", end);
  }
}

async function begun(
  answer: Response,
  reader: ReadableStreamDefaultReader<Uint8Array<ArrayBuffer>>,
  signal: AbortSignal | undefined,
): Promise<Response> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  for (let bytes = 0; bytes < HELD_BYTES;) {
    const { done, value } = await reader.read();
    signal?.throwIfAborted();
    if (done) return whole(answer, new Blob(chunks));
    chunks.push(value);
    bytes += value.length;
  }
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const first = chunks.shift();
      if (first !== undefined) return controller.enqueue(first);
      const { done, value } = await reader.read();
      if (done) controller.close();
      else controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
  return new Response(body, answer);
}

/** Whether it is so short that it can be copied. */
export function isShort(answer: Response): boolean {
  const length = answer.headers.get("content-length");
  return answer.body === null || (length !== null && Number(length) <= HELD_BYTES);
}

function whole(answer: Response, body: Blob): Response {
  const headers = new Headers(answer.headers);
  headers.set("content-length", String(body.size));
  return new Response(body, { status: answer.status, headers });
}
