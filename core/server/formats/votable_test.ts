import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { BSON, type Document } from "mongodb";
import votable from "./votable.ts";

async function written(...documents: Document[]): Promise<string> {
  async function* batches() {
    yield documents.map((document) => BSON.serialize(document));
  }
  const pieces = await Array.fromAsync(
    votable.write({ kind: "list", documents: batches() }, { isSent: false }),
  );
  return pieces.join("");
}

const rows = (text: string) => [...text.matchAll(/<TR>(.*?)<\/TR>/gs)].map(([, row]) => row);

describe("VOTable", () => {
  it("says what its fields are", async () => {
    const text = await written({
      candid: 1n,
      "a<b": 1.5,
      ok: true,
      at: new Date(0),
      name: "x",
      list: [1],
    });
    assertEquals([...text.matchAll(/<FIELD .*?>/g)].map(([field]) => field), [
      '<FIELD name="candid" datatype="long"/>',
      '<FIELD name="a&lt;b" datatype="double"/>',
      '<FIELD name="ok" datatype="boolean"/>',
      '<FIELD name="at" datatype="char" arraysize="*" xtype="timestamp"/>',
      '<FIELD name="name" datatype="unicodeChar" arraysize="*"/>',
      '<FIELD name="list" datatype="unicodeChar" arraysize="*"/>',
    ]);
  });

  it("has numbers exact, NaN as such, and null as nothing", async () => {
    const text = await written(
      { candid: 1127561445515015011n, mag: NaN },
      { candid: null, mag: -Infinity },
      { candid: -1, mag: null },
    );
    assertEquals(rows(text), [
      "<TD>1127561445515015011</TD><TD>NaN</TD>",
      "<TD></TD><TD>-Inf</TD>",
      "<TD>-1</TD><TD></TD>",
    ]);
  });

  it("is XML, whatever texts hold", async () => {
    const text = await written({ a: '</TD><TD>&amp;"\0\x1f\ufffe\n' });
    assertEquals(rows(text), [
      "<TD>&lt;/TD&gt;&lt;TD&gt;&amp;amp;&quot;\ufffd\ufffd\ufffd&#10;</TD>",
    ]);
  });
});
