import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Double } from "./document.ts";
import { JsonError, parseExact, shortText } from "./json.ts";

describe("parseExact()", () => {
  it("keeps all digits of 64-bit integers", () => {
    assertEquals(parseExact("1127561445515015011"), 1127561445515015011n);
    assertEquals(parseExact("-9223372036854775808"), -9223372036854775808n);
    assertEquals(parseExact('{"candid": {"$in": [9223372036854775807]}}'), {
      candid: { $in: [9223372036854775807n] },
    });
  });

  it("keeps integers and floats apart", () => {
    assertEquals(parseExact("71"), 71);
    assertEquals(parseExact("71.0"), new Double(71));
    assertEquals(parseExact("1e2"), new Double(100));
    assertEquals(parseExact("71.5"), 71.5);
    assertEquals(parseExact("2147483648"), 2147483648n);
  });

  it("takes what Python's writer emits for what isn't finite", () => {
    assertEquals(parseExact("[NaN, Infinity, -Infinity]"), [NaN, Infinity, -Infinity]);
  });

  it("lets the last of equal keys win", () => {
    assertEquals(parseExact('{"a": 1, "a": 2}'), { a: 2 });
  });

  it("makes a key __proto__ a key like any other", () => {
    const value = parseExact('{"__proto__": {"admin": true}}') as Record<string, unknown>;
    assertEquals(Object.keys(value), ["__proto__"]);
    assertEquals(value.admin, undefined);
  });

  it("reads whatever JSON.parse reads, as JSON.parse does", () => {
    fc.assert(
      fc.property(fc.json({ maxDepth: 6 }).filter((text) => !/\d{19}/.test(text)), (text) => {
        assertEquals(toPlain(parseExact(text)), JSON.parse(text));
      }),
    );
  });

  it("refuses whatever JSON.parse refuses, but for what Python writes", () => {
    const characters = fc.constantFrom(...'{}[],:"\\ue-+.0123 \n\tantfNI');
    fc.assert(fc.property(fc.string({ unit: characters, maxLength: 12 }), (text) => {
      let wanted: unknown;
      try {
        wanted = JSON.parse(text);
      } catch {
        if (!/NaN|Infinity/.test(text)) assertThrows(() => parseExact(text), JsonError);
        return;
      }
      assertEquals(toPlain(parseExact(text)), wanted);
    }));
  });

  for (
    const [what, text, message] of [
      ["no text", "", "a value must be at character 0: current value is the end"],
      ["a form body", "query_type=find", "a value must be at character 0"],
      ["more after the end", "{} {}", "the end must be at character 3"],
      ["an open string", '"abc', "a string that ends"],
      ["a bad escape", '"\\x"', "valid escapes"],
      ["a line break in a string", '"a\nb"', "valid escapes"],
      ["a key without quotes", "{a: 1}", "a key in double quotes"],
      ["a comma too many", "[1,]", "a value must be at character 3"],
      ["an integer of 65 bits", "9223372036854775808", "must fit 64 bits"],
      ["an integer of a million digits", "9".repeat(1_000_000), "must fit 64 bits"],
      ["101 levels", "[".repeat(102) + "]".repeat(102), "depth must be <= 100"],
      ["a million levels", "[".repeat(1_000_000), "depth must be <= 100"],
    ] as const
  ) {
    it(`refuses ${what}`, () => {
      assertThrows(() => parseExact(text), JsonError, message);
    });
  }

  it("says where and what, in a line that isn't long", () => {
    try {
      parseExact(`[1, ${"x".repeat(100_000)}]`);
    } catch (error) {
      assert((error as Error).message.length < 200);
      assert((error as Error).message.includes("character 4"));
    }
  });
});

describe("shortText()", () => {
  it("tells any value, however it was meant", () => {
    assertEquals(shortText("nope"), "nope");
    assertEquals(shortText(5n), "5");
    assertEquals(shortText(NaN), "NaN");
    assertEquals(shortText(undefined), "undefined");
    assertEquals(shortText([{ toString: null, a: 5n }]), '[{"toString":null,"a":"5"}]');
    assertEquals(shortText("x".repeat(1000)).length, 60);
  });
});

/** As `JSON.parse` would have it. */
function toPlain(value: unknown): unknown {
  return JSON.parse(
    JSON.stringify(value, (_, inner) => typeof inner === "bigint" ? Number(inner) : inner),
  );
}
