/** What sinks write must be what the archive holds, to the last digit. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { Decimal128, Double, ObjectId } from "../contract/document.ts";
import { toExtendedJson } from "./extended_json.ts";

describe("toExtendedJson()", () => {
  it("64-bit integers keep all digits, doubles stay doubles, times are integers", () => {
    const numbers = {
      candid: 2475433850315015011n,
      small: 7n,
      int: 7,
      double: new Double(7),
      jd: 2460000.5,
      ms: 1_700_000_000_123,
      tiny: 1e-7,
      zero: -0,
    };
    assert.equal(
      toExtendedJson(numbers),
      '{"candid":2475433850315015011,"small":7,"int":7,"double":7.0,"jd":2460000.5,' +
        '"ms":1700000000123,"tiny":1e-07,"zero":-0.0}',
    );
  });

  it("other types are as MongoDB writes them", () => {
    const all = {
      id: new ObjectId("6b047a3e35fc5308ccddad54"),
      at: new Date("2023-06-23T15:42:26Z"),
      bytes: Uint8Array.of(0, 1),
      price: Decimal128.fromString("1.5"),
      nan: NaN,
      missing: undefined,
      list: [null, true, "é\n", { deep: [Infinity] }],
    };
    assert.equal(
      toExtendedJson(all),
      '{"id":{"$oid":"6b047a3e35fc5308ccddad54"},"at":{"$date":"2023-06-23T15:42:26Z"},' +
        '"bytes":{"$binary":{"base64":"AAE=","subType":"00"}},"price":{"$numberDecimal":"1.5"},' +
        '"nan":{"$numberDouble":"NaN"},"list":[null,true,"é\\n",{"deep":[{"$numberDouble":"Infinity"}]}]}',
    );
  });

  it("any document of plain values reads back as it was, on one line", () => {
    const plain = fc.dictionary(
      fc.string(),
      fc.jsonValue({ maxDepth: 3 }),
      { noNullPrototype: true },
    );
    fc.assert(fc.property(plain, (document) => {
      const text = toExtendedJson(document);
      assert.ok(!text.includes("\n"));
      assert.deepEqual(JSON.parse(text), document);
    }));
  });
});
