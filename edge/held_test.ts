import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { held, isShort } from "./held.ts";

const KB = 1024;
const headers = { "content-type": "application/json" };

/** An answer of so many chunks of 64 kB, which is told when it is cancelled; `fail` ends it early. */
function answerOf(chunks: number, { fail }: { fail?: Error } = {}) {
  const seen = { sent: 0, cancelled: undefined as unknown };
  const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (seen.sent === chunks) return fail ? controller.error(fail) : controller.close();
      controller.enqueue(new Uint8Array(64 * KB).fill(seen.sent++));
    },
    cancel: (reason) => void (seen.cancelled = reason),
  }, { highWaterMark: 0 });
  return { seen, answer: new Response(body, { status: 201, headers }) };
}

describe("held()", () => {
  it("has a short answer whole, with its length", async () => {
    const { answer } = answerOf(3);
    const whole = await held(answer);
    assertEquals(whole.headers.get("content-length"), String(192 * KB));
    assertEquals([whole.status, whole.headers.get("content-type"), isShort(whole)], [
      201,
      "application/json",
      true,
    ]);
    assertEquals((await whole.bytes()).length, 192 * KB);
  });

  it("has the beginning of a long one, and reads on as its reader does", async () => {
    const { answer, seen } = answerOf(8);
    const begun = await held(answer);
    assertEquals([seen.sent, isShort(begun), begun.status], [4, false, 201]);
    const bytes = await begun.bytes();
    assertEquals(Array.from({ length: 8 }, (_, i) => bytes[i * 64 * KB]), [0, 1, 2, 3, 4, 5, 6, 7]);
  });

  it("ends what is read when nobody reads on", async () => {
    const { answer, seen } = answerOf(8);
    await (await held(answer)).body!.cancel("enough");
    assertEquals(seen.cancelled, "enough");
  });

  it("rejects where an answer breaks before, and breaks where it does later", async () => {
    const fail = new Error("gone");
    await assertRejects(() => held(answerOf(3, { fail }).answer), Error, "gone");
    const begun = await held(answerOf(6, { fail }).answer);
    await assertRejects(() => begun.bytes(), Error, "gone");
  });

  it("rejects as soon as nobody waits, and ends what is read", async () => {
    const gone = new AbortController();
    let cancelled: unknown;
    const body = new ReadableStream({ cancel: (reason) => void (cancelled = reason) });
    const waiting = held(new Response(body), gone.signal);
    gone.abort(new Error("the client has gone"));
    await assertRejects(() => waiting, Error, "the client has gone");
    assertEquals(cancelled, gone.signal.reason);
  });

  it("holds back no events, of which the next may be hours away", async () => {
    const body = new ReadableStream({
      start: (controller) => controller.enqueue(new TextEncoder().encode("event: x\n\n")),
    });
    const events = new Response(body, { headers: { "content-type": "text/event-stream" } });
    assertEquals(await held(events), events);
    const { value } = await events.body!.getReader().read();
    assertEquals(new TextDecoder().decode(value as Uint8Array), "event: x\n\n");
  });

  it("leaves an answer without a body", async () => {
    const none = new Response(null, { status: 204 });
    assertEquals(await held(none), none);
    assert(isShort(none));
  });
});
