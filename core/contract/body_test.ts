import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { BodyTooLargeError, readBody } from "./body.ts";

const text = async (request: Request, bytesMax: number) =>
  new TextDecoder().decode(await readBody(request, bytesMax));

function post(body: BodyInit, headers: Record<string, string> = {}): Request {
  return new Request("http://x", { method: "POST", body, headers });
}

/** A body of unknown length; tells when nobody reads on. */
function streamed(chunks: number, onEnd = () => {}): ReadableStream<Uint8Array> {
  let left = chunks;
  return new ReadableStream({
    pull(controller) {
      if (left-- > 0) controller.enqueue(new TextEncoder().encode("abc"));
      else controller.close();
    },
    cancel: onEnd,
  }, { highWaterMark: 0 });
}

describe("readBody()", () => {
  it("gives the whole body", async () => {
    assertEquals(await text(post("abc", { "content-length": "3" }), 3), "abc");
    assertEquals(await text(post(streamed(3)), 9), "abcabcabc");
    assertEquals(await text(new Request("http://x"), 0), "");
    assertEquals(await text(post(""), 0), "");
  });

  it("refuses one that says that it is too long, without reading it", async () => {
    const request = post("abcd", { "content-length": "4" });
    await assertRejects(() => readBody(request, 3), BodyTooLargeError, "must be <= 3 bytes");
    assertEquals(request.bodyUsed, false);
    const odd = post("abcd", { "content-length": "x" });
    await assertRejects(() => readBody(odd, 3), BodyTooLargeError);
  });

  it("stops reading one that is too long and doesn't say so", async () => {
    let hasEnded = false;
    const endless = post(streamed(1e9, () => hasEnded = true));
    await assertRejects(() => readBody(endless, 7), BodyTooLargeError);
    assertEquals(hasEnded, true);
  });
});
