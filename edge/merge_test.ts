import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { merged, type PartAnswer, together } from "./merge.ts";

/** A core's answer, in chunks of so many bytes. */
function answer(data: unknown, { chunk = 1e9, text = textOf(data) } = {}) {
  const bytes = new TextEncoder().encode(text);
  let at = 0;
  return new ReadableStream<Uint8Array<ArrayBuffer>>({
    pull(controller) {
      if (at >= bytes.length) return controller.close();
      controller.enqueue(bytes.slice(at, at += chunk));
    },
  }, { highWaterMark: 0 });
}

function textOf(data: unknown): string {
  const message = 'of "data": {, it says';
  return JSON.stringify({ status: "success", message, data }, null, 1);
}

async function read(parts: PartAnswer[], more = {}): Promise<string> {
  const pieces = await Array.fromAsync(merged({ message: "done", parts, more }));
  return await new Blob(pieces).text();
}

const whole = (catalogs: string[], data: unknown, options = {}): PartAnswer => ({
  catalogs,
  isShare: false,
  reader: answer(data, options).getReader(),
});
const share = (catalog: string, data: unknown, options = {}): PartAnswer => ({
  catalogs: [catalog],
  isShare: true,
  reader: answer({ [catalog]: data }, options).getReader(),
});

describe("together()", () => {
  it("adds up what several queries cost", () => {
    const one = { in_words: "Reads a.", seconds: 1, reads: [{ catalog: "a" }], limits: { ms: 5 } };
    const two = { in_words: "Reads b.", seconds: 2, reads: [{ catalog: "b" }], limits: { ms: 5 } };
    assertEquals(together([one, two]), {
      in_words: "Reads a. Reads b.",
      seconds: 3,
      reads: [{ catalog: "a" }, { catalog: "b" }],
      limits: { ms: 5 },
    });
  });
});

describe("merged()", () => {
  it("is one envelope around the catalogs, in order, and what is added to it", async () => {
    const text = await read([
      whole(["b", "é"], { b: { "a}": [] }, "é": { "a}": [{ x: "}}}" }] } }),
      whole(["a"], { a: { "a}": [1] } }),
    ], { missing: ["c"] });
    assertEquals(JSON.parse(text), {
      status: "success",
      message: "done",
      data: { b: { "a}": [] }, "é": { "a}": [{ x: "}}}" }] }, a: { "a}": [1] } },
      missing: ["c"],
    });
    assert(text.indexOf('"b"') < text.indexOf('"a"'));
  });

  it("joins the shares of a catalog, beside catalogs that have none", async () => {
    const parts = [
      share('q"', { one: [1] }),
      share('q"', { two: [], three: [3] }),
      whole(["w"], { w: { one: [] } }),
      share("z", { one: [] }),
      share("z", { two: [2] }),
    ];
    assertEquals(JSON.parse(await read(parts)).data, {
      'q"': { one: [1], two: [], three: [3] },
      w: { one: [] },
      z: { one: [], two: [2] },
    });
  });

  it("gives the same however the answers come in chunks", async () => {
    const matches = fc.dictionary(fc.string(), fc.array(fc.jsonValue()), { minKeys: 1 });
    await fc.assert(
      fc.asyncProperty(matches, matches, fc.integer({ min: 1, max: 99 }), async (a, b, chunk) => {
        const text = await read([
          whole(["x", "y"], { x: a, y: b }, { chunk }),
          share("z", a, { chunk }),
        ]);
        // As a text, since keys of the language's own would be lost.
        const plain = (value: unknown) => JSON.stringify(value).slice(1, -1);
        const data = JSON.stringify(JSON.parse(text).data);
        const both = `{"x":{${plain(a)}},"y":{${plain(b)}},"z":{${plain(a)}}}`;
        assertEquals(data, JSON.stringify(JSON.parse(both)));
      }),
      { numRuns: 30 },
    );
  });

  it("reads no part before its turn, and no more of it than is asked for", async () => {
    let chunks = 0;
    const endless = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        const text = chunks++ === 0 ? '{"data": {"a": {"n": [' : "0, ".repeat(1_000);
        controller.enqueue(new TextEncoder().encode(text));
      },
    }, { highWaterMark: 0 });
    let isAsked = false;
    const next = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull: () => void (isAsked = true),
    }, { highWaterMark: 0 });
    const pieces = merged({
      message: "done",
      parts: [endless, next].map((body) => ({
        catalogs: ["a"],
        isShare: false,
        reader: body.getReader(),
      })),
      more: {},
    });
    for (let i = 0; i < 5; i++) await pieces.next();
    assert(chunks <= 6, `${chunks}`);
    await pieces.return(undefined);
    assertEquals(isAsked, false);
  });

  for (
    const [what, text] of [
      ["ends too early", '{"data": {"a": {"n": [1'],
      ["has more behind its data", '{"data": {"a": {"n": []}}, "more": 1}'],
      ["has no data", '{"status": "success"}'],
      ["has other data", '{"data": [1, 2]}'],
      ["is empty", ""],
    ] as const
  ) {
    it(`breaks where an answer ${what}`, async () => {
      const reader = answer(null, { text }).getReader();
      await assertRejects(
        () => read([{ catalogs: ["a"], isShare: false, reader }]),
        Error,
        "Cannot",
      );
    });
  }

  it("breaks where an answer does", async () => {
    const body = new ReadableStream<Uint8Array<ArrayBuffer>>({
      pull(controller) {
        controller.enqueue(new TextEncoder().encode('{"data": {"a": {}'));
        controller.error(new TypeError("connection reset"));
      },
    });
    const parts = [{ catalogs: ["a"], isShare: false, reader: body.getReader() }];
    await assertRejects(() => read(parts), TypeError, "connection reset");
  });
});
