import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BSON } from "mongodb";
import { loadFolder } from "../../core/base/registry.ts";
import { TABLE_TYPES } from "../../core/contract/accept.ts";
import type { Answer, RawBatches } from "../../core/contract/query.ts";
import type { FormatDef, Piece, TableAnswer } from "../../core/server/format.ts";

const formats = await loadFolder<FormatDef>(
  new URL("../../core/server/formats/", import.meta.url),
);

const progress = { isSent: false };
const DOCUMENT = BSON.serialize({ candid: 1127561445515015011n, name: 'é "☆", <&>\n', none: null });
const LARGE = BSON.serialize({
  bytes: new BSON.Binary(crypto.getRandomValues(new Uint8Array(50_000))),
});

/** Batches of a document without end; tells when its reader has gone. */
function endless(document: Uint8Array, onEnd = () => {}): RawBatches {
  return (async function* () {
    try {
      for (;;) yield Array.from({ length: 100 }, () => document);
    } finally {
      onEnd();
    }
  })();
}

async function* given<T>(...items: T[]): AsyncGenerator<T> {
  yield* items;
}

const list = (...batches: Uint8Array[][]): TableAnswer => ({
  kind: "list",
  documents: given(...batches),
});
const matches = (batches: () => RawBatches): TableAnswer => ({
  kind: "matches",
  catalogs: ["Gaia", "ZTF_alerts"],
  names: ["a", 'b "c"'],
  async *documents() {
    for await (const documents of batches()) yield { at: 1, documents };
  },
});

async function size(pieces: AsyncGenerator<Piece>): Promise<number> {
  let bytes = 0;
  for await (const piece of pieces) bytes += piece.length;
  return bytes;
}

describe("each form of an answer", () => {
  it("is asked for by media types of its own, which the edge knows", () => {
    const types = [...formats.values()].flatMap(({ mediaTypes }) => mediaTypes);
    assertEquals(new Set(types).size, types.length);
    assertEquals(types.sort(), ["application/json", ...TABLE_TYPES].sort());
  });

  for (const [file, format] of formats) {
    it(`has the name of its file: ${file}`, () => assertEquals(format.name, file));

    it(`holds what there is, and nothing of nothing: ${file}`, async () => {
      for (
        const answer of [
          list([DOCUMENT], [DOCUMENT, LARGE]),
          list(),
          list([], []),
          list([BSON.serialize({})]),
          matches(() => given([DOCUMENT], [])),
          matches(() => given()),
          { kind: "matches", catalogs: [], names: [], documents: () => given() },
          { kind: "document", document: DOCUMENT },
        ] satisfies Answer[]
      ) await size(format.write(answer, progress));
      assert(
        await size(format.write(list([DOCUMENT, DOCUMENT]), progress)) >
          await size(format.write(list([DOCUMENT]), progress)),
      );
    });

    for (
      const [what, answerOf] of [
        ["a list", (documents) => ({ kind: "list", documents })],
        ["matches", (documents) => matches(() => documents)],
      ] as [string, (documents: RawBatches) => TableAnswer][]
    ) {
      it(`begins before all is read, in pieces, and ends with its reader: ${file}, ${what}`, async () => {
        let hasEnded = false;
        const pieces = format.write(answerOf(endless(LARGE, () => hasEnded = true)), progress);
        let longest = 0;
        for (let bytes = 0; bytes < 1_000_000;) {
          const { value, done } = await pieces.next();
          assertEquals(done, false);
          longest = Math.max(longest, value.length);
          bytes += value.length;
        }
        // A row group of Parquet is its longest.
        assert(longest < 20_000_000, `a piece of ${longest}`);
        await pieces.return(undefined);
        assert(hasEnded);
      });

      it(`is whole, or breaks: ${file}, ${what}`, async () => {
        async function* broken() {
          yield [DOCUMENT];
          throw new Error("broken");
        }
        await assertRejects(
          () => size(format.write(answerOf(broken()), progress)),
          Error,
          "broken",
        );
      });
    }
  }
});
