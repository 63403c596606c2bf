import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { BSON } from "mongodb";
import type { TableAnswer } from "../format.ts";
import ndjson from "./ndjson.ts";

async function written(answer: TableAnswer): Promise<string> {
  return (await Array.fromAsync(ndjson.write(answer, { isSent: false }))).join("");
}

describe("NDJSON", () => {
  it("has a line of relaxed Extended JSON for each document", async () => {
    async function* documents() {
      yield [{ candid: 1127561445515015011n, text: "a\nb" }, {}].map((each) =>
        BSON.serialize(each)
      );
    }
    assertEquals(
      await written({ kind: "list", documents: documents() }),
      '{"candid": 1127561445515015011, "text": "a\\nb"}\n{}\n',
    );
  });

  it("says which catalog and position a match is of", async () => {
    const text = await written({
      kind: "matches",
      catalogs: ["Gaia"],
      names: ["a", 'b"'],
      async *documents() {
        yield { at: 1, documents: [BSON.serialize({ x: 1 }), BSON.serialize({})] };
      },
    });
    assertEquals(
      text,
      '{"_catalog": "Gaia", "_position": "b\\"", "x": 1}\n' +
        '{"_catalog": "Gaia", "_position": "b\\""}\n',
    );
  });
});
