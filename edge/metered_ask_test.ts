import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import type { Ask } from "./ask.ts";
import { meteredAsk } from "./metered_ask.ts";

const options = { path: "/", signal: new AbortController().signal };

function metered(ask: Ask) {
  const charged: number[] = [];
  const sum = () => charged.reduce((a, b) => a + b, 0);
  return { ask: meteredAsk(ask, (units) => void charged.push(units)), sum };
}

describe("meteredAsk()", () => {
  it("charges what an answer says it weighs, and leaves it as it is", async () => {
    const answer = new Response("x", { headers: { "content-length": "50000000" } });
    const { ask, sum } = metered(() => Promise.resolve(answer));
    assert(await ask("core", options) === answer);
    assert(sum() >= 5 && sum() < 6, `${sum()}`);
  });

  it("charges a stream as it comes, and only what is read of it", async () => {
    let cancelled = false;
    const body = new ReadableStream({
      pull: (controller) => controller.enqueue(new Uint8Array(10_000_000)),
      cancel: () => void (cancelled = true),
    }, { highWaterMark: 0 });
    const init = { status: 400, headers: { "content-type": "text/plain" } };
    const { ask, sum } = metered(() => Promise.resolve(new Response(body, init)));
    const answer = await ask("core", options);
    assertEquals([answer.status, answer.headers.get("content-type")], [400, "text/plain"]);
    assert(sum() < 1);
    const reader = answer.body!.getReader();
    for (let i = 0; i < 3; i++) await reader.read();
    assert(sum() >= 3 && sum() < 4, `${sum()}`);
    await reader.cancel();
    assert(cancelled);
  });

  it("charges the time of what fails", async () => {
    const { ask, sum } = metered(() =>
      new Promise((_, reject) => setTimeout(() => reject(new Error("no")), 20))
    );
    await assertRejects(() => ask("core", options), Error, "no");
    assert(sum() >= 0.015, `${sum()}`);
  });
});
