import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { BSON, type Document } from "mongodb";
import csv from "./csv.ts";

async function written(...batches: Document[][]): Promise<string[]> {
  async function* documents() {
    for (const batch of batches) yield batch.map((document) => BSON.serialize(document));
  }
  const pieces = await Array.fromAsync(
    csv.write({ kind: "list", documents: documents() }, { isSent: false }),
  );
  return pieces.join("").split("\n").slice(0, -1);
}

describe("CSV", () => {
  it("has ids exact, NaN apart from null, and whole doubles as such", async () => {
    assertEquals(
      await written([
        { candid: 1127561445515015011n, magpsf: NaN, jd: new BSON.Double(2460000) },
        { candid: -1n, magpsf: null, jd: 1e-7 },
        { candid: 5, magpsf: Infinity, jd: -Infinity },
      ]),
      [
        "candid,magpsf,jd",
        "1127561445515015011,NaN,2460000.0",
        "-1,,1e-07",
        "5,inf,-inf",
      ],
    );
  });

  it("quotes what would be read otherwise", async () => {
    assertEquals(
      await written([{ 'a"b': 'say "hi"', c: "1,2" }, { 'a"b': "", c: " x" }, { c: null }]),
      ['"a""b",c', '"say ""hi""","1,2"', '""," x"', ","],
    );
  });

  it("has a line for each document, whatever is in its texts", async () => {
    assertEquals(await written([{ a: "x\r\ny" }]), ["a", '"x\r', 'y"']);
  });

  it("has dots for what is within, and JSON for lists", async () => {
    assertEquals(
      await written([{
        candidate: { jd: 1.5, deep: { x: true } },
        list: [1n, { a: NaN }],
        at: new Date(1.7e12),
        id: new BSON.ObjectId("6b047a3e35fc5308ccddad54"),
        bytes: new BSON.Binary(new Uint8Array([0, 1])),
        price: BSON.Decimal128.fromString("1.50"),
      }]),
      [
        "candidate.jd,candidate.deep.x,list,at,id,bytes,price",
        '1.5,true,"[1, {""a"": {""$numberDouble"": ""NaN""}}]",2023-11-14T22:13:20.000Z,' +
        "6b047a3e35fc5308ccddad54,AAE=,1.50",
      ],
    );
  });
});
