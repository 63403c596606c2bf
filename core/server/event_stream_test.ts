import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { ServerEvent } from "../operation.ts";
import { readEvents } from "../../tests/support/replays.ts";
import { until } from "../../tests/support/until.ts";
import { eventStream } from "./event_stream.ts";

const signal = new AbortController().signal;

async function* counted(n: number): AsyncGenerator<ServerEvent> {
  for (let i = 0; i < n; i++) yield { event: "step", data: { i, candid: 2475433850015015001n } };
}

/** One event, and then nothing until the signal says so; tells when it has ended. */
function endless() {
  const state = { isOver: false };
  async function* events(signal: AbortSignal): AsyncGenerator<ServerEvent> {
    try {
      yield { event: "step", data: {} };
      if (signal.aborted) return;
      await new Promise((resolve) => signal.addEventListener("abort", resolve));
    } finally {
      state.isOver = true;
    }
  }
  return { events, state };
}

describe("eventStream()", () => {
  it("sends what happens as events with exact ids, and ends after the last", async () => {
    const response = await eventStream(() => counted(2), { signal });
    assertEquals(response.headers.get("content-type"), "text/event-stream");
    assertEquals(
      await response.text(),
      'event: step\ndata: {"i": 0, "candid": 2475433850015015001}\n\n' +
        'event: step\ndata: {"i": 1, "candid": 2475433850015015001}\n\n',
    );
  });

  it("says now and then that it is still there", async () => {
    const { events } = endless();
    const response = await eventStream(events, { signal, heartbeatMs: 5 });
    const seen: string[] = [];
    for await (const { event } of readEvents(response)) {
      seen.push(event);
      if (seen.length === 3) break;
    }
    assertEquals(seen, ["step", "comment", "comment"]);
  });

  it("ends its source when the reader goes", async () => {
    const { events, state } = endless();
    const response = await eventStream(events, { signal });
    const reader = response.body!.getReader();
    await reader.read();
    assert(!state.isOver);
    await reader.cancel();
    await until(() => state.isOver);
  });

  it("ends its source and itself when the request is given up", async () => {
    const { events, state } = endless();
    const gone = new AbortController();
    const response = await eventStream(events, { signal: gone.signal });
    const text = response.text();
    gone.abort();
    assertEquals(await text, "event: step\ndata: {}\n\n");
    assert(state.isOver);
  });

  it("rejects with what is wrong before the first event", async () => {
    async function* failing(): AsyncGenerator<ServerEvent> {
      await Promise.reject(new Error("No"));
      yield { event: "never", data: {} };
    }
    await assertRejects(() => eventStream(failing, { signal }), Error, "No");
  });

  it("breaks where its source does, so that nobody takes it for the end", async () => {
    async function* breaking(): AsyncGenerator<ServerEvent> {
      yield { event: "step", data: {} };
      await Promise.reject(new Error("Broken"));
    }
    const response = await eventStream(breaking, { signal });
    await assertRejects(() => response.text(), Error, "Broken");
  });
});
