import { describe, it } from "@std/testing/bdd";
import { assertAlmostEquals, assertEquals, assertThrows } from "@std/assert";
import { parseExact } from "../contract/json.ts";
import { QueryError } from "../contract/query.ts";
import { toPositions } from "./_radec.ts";

/** As it comes in, a JSON text. */
const positions = (json: string) => [...toPositions(parseExact(json))];
const names = (json: string) => positions(json).map(([name]) => name);

describe("toPositions()", () => {
  // Each row of the table of accepted forms.
  for (
    const [what, json, name, raDeg, decDeg] of [
      ["a named pair", '{"src.1": [46.99, 9.36]}', "src_1", 46.99, 9.36],
      ["a list of pairs", "[[46.9974, 9.3679]]", "[46_9974, 9_3679]", 46.9974, 9.3679],
      [
        "a list of sexagesimal pairs",
        '[["03:07:59.4","+09:22:04"]]',
        "['03:07:59_4', '+09:22:04']",
        46.9975,
        9.36777778,
      ],
      ["one position as text", '"46.99 9.36"', "(46_99, 9_36)", 46.99, 9.36],
      [
        "one sexagesimal position",
        '"03h07m59.4s +09d22m04s"',
        "('03h07m59_4s', '+09d22m04s')",
        46.9975,
        9.36777778,
      ],
      ["text of a list of tuples", '"[(46.99, 9.36)]"', "(46_99, 9_36)", 46.99, 9.36],
      ["text of a dict", "\"{'a.b': [46.99, -9.36]}\"", "a_b", 46.99, -9.36],
      ["numbers as text, one of them", '{"a": ["46.99", 9.36]}', "a", 46.99, 9.36],
      ["numbers as text, both", '{"a": ["46.99", "-9.36"]}', "a", 46.99, -9.36],
      ["a small negative declination", '{"a": ["00:00:00", "-00:30:00"]}', "a", 0, -0.5],
      ["the end of both ranges", '{"a": [360, -90]}', "a", 360, -90],
    ] as const
  ) {
    it(`takes ${what}`, () => {
      const [[found, position]] = positions(json) as [[string, { raDeg: number; decDeg: number }]];
      assertEquals(found, name);
      assertAlmostEquals(position.raDeg, raDeg, 1e-8);
      assertAlmostEquals(position.decDeg, decDeg, 1e-8);
    });
  }

  it("names numbers as Python prints them, as they were written", () => {
    assertEquals(names("[[71, 9], [71.0, 9.0], [1e-7, 0.1], [12.50, 1e1]]"), [
      "[71, 9]",
      "[71_0, 9_0]",
      "[1e-07, 0_1]",
      "[12_5, 10_0]",
    ]);
    assertEquals(names('"[(46.99, 9.36), (1.0, 2)]"'), ["(46_99, 9_36)", "(1_0, 2)"]);
    assertEquals(names('"46 9"'), ["(46_0, 9_0)"]);
  });

  it("lets the last of equal names win", () => {
    const found = positions('{"a.b": [1, 1], "a_b": [2, 2]}');
    assertEquals(found, [["a_b", { raDeg: 2, decDeg: 2 }]]);
  });

  it("takes an empty list, which has no positions", () => assertEquals(positions("[]"), []));

  for (
    const [json, message] of [
      ["{}", "Unsupported object coordinate specs"],
      ["5", "Unsupported object coordinate specs"],
      ["null", "Unsupported object coordinate specs"],
      ['"46.99"', "two words"],
      ['"1 2 3"', "two words"],
      ['"nope nope"', "unrecognized string ra/dec format"],
      ['{"a": [1]}', "must be a pair"],
      ['{"a": [1, 2, 3]}', "must be a pair"],
      ['{"a": 5}', "must be a pair"],
      ['{"a": ["03:07", "09:22"]}', "unrecognized string"],
      ['{"a": ["x", "y"]}', "unrecognized string"],
      ['{"a": [null, 2]}', "RA must be in"],
      ['{"a": [NaN, 2]}', "RA must be in"],
      ['{"a": [400, 2]}', "RA must be in [0, 360] deg: current value is 400"],
      ['{"a": [-1, 2]}', "RA must be in"],
      ['{"a": [1, 100]}', "Dec must be in [-90, 90] deg: current value is 100"],
      ['{"a": ["25:00:00", "00:00:00"]}', "RA must be in"],
      ['"[[[[["', "malformed"],
    ] as const
  ) {
    it(`refuses ${json}`, () => assertThrows(() => positions(json), QueryError, message));
  }

  it("takes 10,000 positions and no more", () => {
    const list = (length: number) =>
      JSON.stringify(Array.from({ length }, (_, i) => [i / 100, i / 1000]));
    assertEquals(positions(list(10_000)).length, 10_000);
    assertThrows(() => positions(list(10_001)), QueryError, "must be <= 10000");
  });
});
