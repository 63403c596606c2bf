import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { compressed } from "./compressed.ts";

const LARGE = "0123456789".repeat(10_000);

function asked(acceptEncoding?: string): Request {
  const headers = new Headers();
  if (acceptEncoding !== undefined) headers.set("accept-encoding", acceptEncoding);
  return new Request("http://edge/", { headers });
}

function answer(text: string, hasLength: boolean): Response {
  const headers = new Headers({ "content-type": "application/json" });
  if (hasLength) headers.set("content-length", String(text.length));
  return new Response(text, { headers });
}

describe("compressed()", () => {
  for (const accepted of ["gzip", "gzip, deflate", "br;q=1.0, gzip;q=0.8", "*", "GZIP"]) {
    it(`compresses what is large for who accepts ${accepted}`, async () => {
      for (const hasLength of [true, false]) {
        const response = await compressed(asked(accepted), answer(LARGE, hasLength));
        assertEquals(response.headers.get("content-encoding"), "gzip");
        assertEquals(response.headers.get("content-length"), null);
        const stream = response.body!.pipeThrough(new DecompressionStream("gzip"));
        assertEquals(await new Response(stream).text(), LARGE);
      }
    });
  }

  for (const accepted of [undefined, "", "deflate", "gzip;q=0", "*;q=0.0", "xgzip"]) {
    it(`leaves it as it is for who accepts ${accepted}`, async () => {
      const response = await compressed(asked(accepted), answer(LARGE, true));
      assertEquals(response.headers.get("content-encoding"), null);
      assertEquals(response.headers.get("content-length"), String(LARGE.length));
      assertEquals(await response.text(), LARGE);
    });
  }

  it("leaves what is small, and what is nothing", async () => {
    const small = await compressed(asked("gzip"), answer("{}", true));
    assertEquals([small.headers.get("content-encoding"), await small.text()], [null, "{}"]);
    const none = await compressed(asked("gzip"), new Response(null, { status: 204 }));
    assertEquals(none.status, 204);
  });

  it("leaves pictures, and passes on what caches need", async () => {
    const headers = { "content-type": "image/png", etag: '"a"', "cache-control": "private" };
    const picture = await compressed(asked("gzip"), new Response(LARGE, { headers }));
    assertEquals(picture.headers.get("content-encoding"), null);
    assertEquals([picture.headers.get("etag"), picture.headers.get("cache-control")], [
      '"a"',
      "private",
    ]);
  });

  it("says that answers differ by what is accepted", async () => {
    const { headers } = await compressed(asked(), answer("{}", true));
    assertEquals(headers.get("vary"), "accept-encoding");
  });
});
