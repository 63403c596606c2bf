/** Asks cores for one user, and counts what that costs: the cores' time, and the bytes they send. */
import type { Ask } from "./ask.ts";

/** What costs as much as a second of a core's time. */
const BYTES_PER_UNIT = 10_000_000;

/**
 * `charge` is told of each piece of work when it is done, in seconds of a core, also of what failed or
 * was given up. What a stream brings is counted as it comes.
 */
export function meteredAsk(ask: Ask, charge: (units: number) => void): Ask {
  return async function metered(core, options) {
    const startMs = performance.now();
    try {
      const answer = await ask(core, options);
      const length = answer.headers.get("content-length");
      if (length === null) return counted(answer, (bytes) => charge(bytes / BYTES_PER_UNIT));
      charge(Number(length) / BYTES_PER_UNIT);
      return answer;
    } finally {
      charge((performance.now() - startMs) / 1000);
    }
  };
}

function counted(answer: Response, onBytes: (bytes: number) => void): Response {
  if (answer.body === null) return answer;
  const reader = answer.body.getReader();
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    async pull(controller) {
      const { done, value } = await reader.read();
      if (done) return controller.close();
      onBytes(value.length);
      controller.enqueue(value);
    },
    cancel: (reason) => reader.cancel(reason),
  }, { highWaterMark: 0 });
  const { status, headers } = answer;
  return new Response(body, { status, headers });
}
