import { afterEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { until } from "../tests/support/until.ts";
import { createFlights, type Flights } from "./flights.ts";

let flights: Flights;
afterEach(() => flights.close());

/** Work that is answered when the test says so. */
function work(aloneMs = [60_000]) {
  flights = createFlights(aloneMs);
  const runs: { signal: AbortSignal; answer(body: BodyInit): void; fail(error: Error): void }[] =
    [];
  const ask = (client = new AbortController(), key = "key") =>
    flights.share(key, client.signal, (signal) => {
      const { promise, resolve, reject } = Promise.withResolvers<Response>();
      const answer = (body: BodyInit) => resolve(new Response(body, { status: 201 }));
      runs.push({ signal, answer, fail: reject });
      return promise;
    });
  return { runs, ask };
}

/** A body that is too large to be copied. */
function large(): ReadableStream {
  return new ReadableStream({
    pull: (controller) => controller.enqueue(new Uint8Array(100_000)),
  }, { highWaterMark: 0 });
}

describe("queries in the air", () => {
  it("that are identical are asked once, and each client has its answer", async () => {
    const { runs, ask } = work();
    const asked = [ask(), ask(), ask()];
    runs[0]!.answer("seven");
    const answers = await Promise.all(asked);
    assertEquals(answers.map(({ status }) => status), [201, 201, 201]);
    assertEquals(await Promise.all(answers.map((each) => each.text())), [
      "seven",
      "seven",
      "seven",
    ]);
    assertEquals(runs.length, 1);
  });

  it("of another key have nothing to do with it", async () => {
    const { runs, ask } = work();
    const asked = [ask(), ask(undefined, "other")];
    runs[1]!.answer("b");
    runs[0]!.answer("a");
    assertEquals(await (await asked[0]!).text(), "a");
    assertEquals(await (await asked[1]!).text(), "b");
  });

  it("that are answered are asked anew", async () => {
    const { runs, ask } = work();
    const first = ask();
    runs[0]!.answer("1");
    await first;
    const second = ask();
    assertEquals(runs.length, 2);
    runs[1]!.answer("2");
    assertEquals(await (await second).text(), "2");
  });

  it("fail for each of those who wait, and not for who comes after", async () => {
    const { runs, ask } = work();
    const asked = [ask(), ask()];
    runs[0]!.fail(new Error("no"));
    for (const each of asked) await assertRejects(() => each, Error, "no");
    const next = ask();
    runs[1]!.answer("yes");
    assertEquals(await (await next).text(), "yes");
  });

  it("with a large answer give it to who came last, and the others ask again", async () => {
    const { runs, ask } = work();
    const [first, second] = [ask(), ask()];
    runs[0]!.answer(large());
    const reader = (await second).body!.getReader();
    assertEquals((await reader.read()).value!.length, 100_000);
    await until(() => runs.length === 2);
    runs[1]!.answer("again");
    assertEquals(await (await first).text(), "again");
    await reader.cancel();
  });

  it("are answered for who stays, when another goes", async () => {
    const { runs, ask } = work();
    const gone = new AbortController();
    const [left, stays] = [ask(gone), ask()];
    gone.abort(new Error("bye"));
    await assertRejects(() => left, Error, "bye");
    runs[0]!.answer("here");
    assertEquals(await (await stays).text(), "here");
    assert(!runs[0]!.signal.aborted);
  });

  it("go on for a moment when the last client goes: it comes again", async () => {
    const { runs, ask } = work();
    const gone = new AbortController();
    const left = ask(gone);
    gone.abort();
    await assertRejects(() => left);
    const again = ask();
    runs[0]!.answer("still");
    assertEquals(await (await again).text(), "still");
    assertEquals(runs.length, 1);
  });

  it("are kept for who was sent again, and may not have heard the answer", async () => {
    const { runs, ask } = work();
    const first = ask();
    await new Promise((resolve) => setTimeout(resolve, 600));
    const again = ask();
    runs[0]!.answer("said");
    assertEquals(await (await first).text(), "said");
    assertEquals(await (await again).text(), "said");
    assertEquals(await (await ask()).text(), "said");
    // But once only.
    const next = ask();
    assertEquals(runs.length, 2);
    runs[1]!.answer("anew");
    assertEquals(await (await next).text(), "anew");
  });

  it("keep the answer that came in that moment", async () => {
    const { runs, ask } = work();
    const gone = new AbortController();
    const left = ask(gone);
    gone.abort();
    await assertRejects(() => left);
    runs[0]!.answer("early");
    await new Promise((resolve) => setTimeout(resolve));
    assertEquals(await (await ask()).text(), "early");
    assertEquals(runs.length, 1);
  });

  it("are ended when nobody comes again, also with the answer there", async () => {
    const { runs, ask } = work([1]);
    for (const body of [null, "early"]) {
      const gone = new AbortController();
      const left = ask(gone);
      gone.abort();
      await assertRejects(() => left);
      const run = runs.at(-1)!;
      if (body !== null) run.answer(body);
      await until(() => run.signal.aborted);
    }
    assertEquals(runs.length, 2);
  });

  it("wait the longer the more often a client has come", async () => {
    const { runs, ask } = work([1, 60_000]);
    const gone = new AbortController();
    const left = [ask(gone), ask(gone)];
    gone.abort();
    for (const each of left) await assertRejects(() => each);
    await new Promise((resolve) => setTimeout(resolve, 20));
    assert(!runs[0]!.signal.aborted);
  });

  it("are ended at once when the client goes in the middle of its answer", async () => {
    const { runs, ask } = work();
    const gone = new AbortController();
    const asked = ask(gone);
    runs[0]!.answer(large());
    const answer = await asked;
    gone.abort();
    assert(runs[0]!.signal.aborted);
    await answer.body!.cancel();
  });

  it("take nobody who has gone already", async () => {
    const { runs, ask } = work();
    const gone = new AbortController();
    gone.abort();
    await assertRejects(() => ask(gone));
    assertEquals(runs.length, 0);
  });
});
