/** Server-sent events: a body that is written as things happen, until there are no more or nobody reads. */
import { bsonToJson } from "../archive/bson_json.ts";
import { writeDocument } from "../archive/bson_write.ts";
import type { ServerEvent } from "../operation.ts";

/** Proxies take a connection for dead that is silent for a minute. */
const HEARTBEAT_MS = 15_000;
const HEARTBEAT = ": still here\n\n";
const HEADERS = {
  "content-type": "text/event-stream",
  "cache-control": "no-store",
  // Said to proxies that would hold back what is small.
  "x-accel-buffering": "no",
};

export interface EventStreamOptions {
  /** The request's own. */
  readonly signal: AbortSignal;
  readonly heartbeatMs?: number;
}

/** Resolves with the first event; rejects with what went wrong before it. */
export async function eventStream(
  events: (signal: AbortSignal) => AsyncIterable<ServerEvent>,
  { signal, heartbeatMs = HEARTBEAT_MS }: EventStreamOptions,
): Promise<Response> {
  const gone = new AbortController();
  const iterator = events(AbortSignal.any([signal, gone.signal]))[Symbol.asyncIterator]();
  let next: Promise<IteratorResult<ServerEvent>> | null = Promise.resolve(await iterator.next());
  const encoder = new TextEncoder();
  let heartbeat: ReturnType<typeof setInterval> | undefined;
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    start(controller) {
      heartbeat = setInterval(() => {
        // Whoever doesn't read what there is needs no more of it.
        if (controller.desiredSize! > 0) controller.enqueue(encoder.encode(HEARTBEAT));
      }, heartbeatMs);
    },
    async pull(controller) {
      try {
        const { done, value } = await (next ?? iterator.next());
        next = null;
        if (gone.signal.aborted) return;
        if (!done) return controller.enqueue(encoder.encode(toText(value)));
        clearInterval(heartbeat);
        controller.close();
      } catch (error) {
        clearInterval(heartbeat);
        controller.error(error);
      }
    },
    cancel() {
      clearInterval(heartbeat);
      gone.abort();
      // A source that isn't asked for more never looks at its signal.
      iterator.return?.().catch(() => {});
    },
  });
  return new Response(body, { headers: HEADERS });
}

/** A line of JSON has no line ends in it. */
function toText({ event, data }: ServerEvent): string {
  return `event: ${event}\ndata: ${bsonToJson(writeDocument(data))}\n\n`;
}
