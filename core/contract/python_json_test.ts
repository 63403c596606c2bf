import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { toDouble, toInteger } from "./document.ts";
import { decodeExtended } from "./extended_json.ts";
import { parseExact } from "./json.ts";
import { toPythonJson } from "./python_json.ts";

/** What a client sent, as its pipeline's text is stored. */
const rewritten = (text: string) => toPythonJson(parseExact(text));

describe("toPythonJson()", () => {
  it("writes a pipeline with Python's separators and words", () => {
    assertEquals(
      rewritten(
        '[{"$match":{"candidate.drb":{"$gt":0.9999},' +
          '"cross_matches.CLU_20190625.0":{"$exists":false}}},{"a":[true,null]},[],{}]',
      ),
      '[{"$match": {"candidate.drb": {"$gt": 0.9999}, ' +
        '"cross_matches.CLU_20190625.0": {"$exists": false}}}, {"a": [true, null]}, [], {}]',
    );
  });

  // What `json.dumps(json.loads(text))` of Python 3 gives.
  const numbers: Record<string, string> = {
    "1": "1",
    "-0": "0",
    "1.0": "1.0",
    "-0.0": "-0.0",
    "0.10": "0.1",
    "1e3": "1000.0",
    "1e-7": "1e-07",
    "1e22": "1e+22",
    "1E16": "1e+16",
    "123456789012345678.0": "1.2345678901234568e+17",
    "2147483648": "2147483648",
    "2147483648.0": "2147483648.0",
    "9007199254740993": "9007199254740993",
    "1127561445515015011": "1127561445515015011",
    "-9223372036854775808": "-9223372036854775808",
    "5e-324": "5e-324",
    "0.0001": "0.0001",
    "0.00001": "1e-05",
  };
  for (const [text, expected] of Object.entries(numbers)) {
    it(`writes ${text} as ${expected}`, () => assertEquals(rewritten(text), expected));
  }

  it("escapes what isn't printable ASCII, as Python does", () => {
    assertEquals(
      toPythonJson('a"\\/\b\f\n\r\t\0\x1f\x7f'),
      '"a\\"\\\\/\\b\\f\\n\\r\\t\\u0000\\u001f\\u007f"',
    );
    assertEquals(toPythonJson({ "é": "€😀" }), '{"\\u00e9": "\\u20ac\\ud83d\\ude00"}');
  });

  it("writes what JSON has no number for as Extended JSON", () => {
    assertEquals(
      rewritten("[NaN, Infinity, -Infinity]"),
      '[{"$numberDouble": "NaN"}, {"$numberDouble": "Infinity"}, {"$numberDouble": "-Infinity"}]',
    );
  });

  it("leads back to the same value, whatever it is", () => {
    const { value } = fc.letrec((tie) => ({
      value: fc.oneof(
        { maxDepth: 5 },
        fc.string({ unit: "binary" }),
        fc.boolean(),
        fc.constant(null),
        fc.double().map(toDouble),
        fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }).map(toInteger),
        fc.array(tie("value")),
        fc.dictionary(
          fc.string({ unit: "binary" }).filter((key) => !key.startsWith("$")),
          tie("value"),
          {
            noNullPrototype: true,
          },
        ),
      ),
    }));
    fc.assert(
      fc.property(value, (value) => {
        const text = toPythonJson(value);
        assertEquals(decodeExtended(parseExact(text)), value);
        // And once more: a text that was read back is written the same.
        assertEquals(rewritten(text).includes("\n"), false);
        assertEquals(/^[ -~]*$/.test(text), true, text);
      }),
      { numRuns: 500 },
    );
  });
});
