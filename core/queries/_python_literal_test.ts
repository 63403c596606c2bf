import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Binary, Double } from "../contract/document.ts";
import { QueryError } from "../contract/query.ts";
import { parsePythonLiteral, Tuple } from "./_python_literal.ts";

describe("parsePythonLiteral()", () => {
  for (
    const [text, value] of [
      ["{'candid': {'$gt': 0}}", { candid: { $gt: 0 } }],
      ["{'a': True, 'b': False, 'c': None}", { a: true, b: false, c: null }],
      ["[1, 2.0, -3, +4, .5, 1e3, 1.]", [
        1,
        new Double(2),
        -3,
        4,
        0.5,
        new Double(1000),
        new Double(1),
      ]],
      ["{'candid': 1127561445515015011}", { candid: 1127561445515015011n }],
      ["-9223372036854775808", -9223372036854775808n],
      [`"it's" 'a "b"'`, `it'sa "b"`],
      [`'\\n\\t\\'\\x41\\u00e9\\U0001F31F\\q'`, `\n\t'A\u00e9\u{1F31F}\\q`],
      [`r'\\d+'`, "\\d+"],
      [`b'\\x00\\x01'`, new Binary(new Uint8Array([0, 1]))],
      ["{1, 2}", [1, 2]],
      ["{}", {}],
      ["[]", []],
      ["[1, 2,]", [1, 2]],
      ["(5)", 5],
      [" { 'a' : [ ] , }  # a comment", { a: [] }],
      ['{"a": [true, false, null]}', { a: [true, false, null] }],
      ["[NaN, Infinity, -Infinity]", [NaN, Infinity, -Infinity]],
    ] as const
  ) {
    it(`reads ${text}`, () => assertEquals(parsePythonLiteral(text), value));
  }

  it("tells tuples from lists", () => {
    const value = parsePythonLiteral("[(46.99, 9.36), (1.0,), ()]") as unknown[];
    assert(value.every((item) => item instanceof Tuple));
    assertEquals(value.map((item) => [...item as Tuple]), [[46.99, 9.36], [new Double(1)], []]);
    assertEquals(value instanceof Tuple, false);
  });

  it("reads whatever JSON holds", () => {
    fc.assert(
      fc.property(
        fc.json({ maxDepth: 5 }).filter((text) => !/__proto__|\d{19}/.test(text)),
        (text) => {
          const plain = JSON.stringify(
            parsePythonLiteral(text),
            (_, value) => typeof value === "bigint" ? Number(value) : value,
          );
          assertEquals(JSON.parse(plain), JSON.parse(text));
        },
      ),
    );
  });

  for (
    const text of [
      "",
      "{'a': }",
      "{'a' 1}",
      "{'a': 1, 2}",
      "{1: 2}",
      "{'__proto__': {}}",
      "[1 2]",
      "[1,,2]",
      "'open",
      "'a\nb'",
      "__import__('os').system('x')",
      "open('/etc/passwd')",
      "a",
      "1 + 1",
      "[x for x in y]",
      "lambda: 1",
      "9223372036854775808",
      "9".repeat(100_000),
      "(".repeat(100_000),
      "[".repeat(102) + "]".repeat(102),
      "{'a':".repeat(200),
    ]
  ) {
    it(`refuses ${text.slice(0, 30)}, in a short message`, () => {
      assertThrows(() => parsePythonLiteral(text), QueryError, "Error: ");
    });
  }
});
