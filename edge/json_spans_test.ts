import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { blanksEnd, itemsOf, membersOf, stringOf } from "./json_spans.ts";

/** The members' texts, by key. */
function members(text: string) {
  const found = membersOf(text, blanksEnd(text, 0));
  return found && [...found].map(([key, { value }]) => [key, text.slice(value.start, value.end)]);
}

function items(text: string) {
  return itemsOf(text, 0)?.map(({ start, end }) => text.slice(start, end)) ?? null;
}

describe("membersOf()", () => {
  it("tells the text of each value, as it was written", () => {
    const text = ' { "a" : 71.0, "b": [1, {"c": "]}"}] ,"d":{"e": "\\\\\\""}, "f": NaN, "g":-1e-7}';
    assertEquals(members(text), [
      ["a", "71.0"],
      ["b", '[1, {"c": "]}"}]'],
      ["d", '{"e": "\\\\\\""}'],
      ["f", "NaN"],
      ["g", "-1e-7"],
    ]);
  });

  it("reads keys, and takes the last of equal ones", () => {
    assertEquals(members('{"\\u0061": 1, "a": 2}'), [["a", "2"]]);
    assertEquals(members('{"__proto__": 1}'), [["__proto__", "1"]]);
  });

  for (
    const text of [
      "",
      "[]",
      "{",
      '{"a"}',
      '{"a": }',
      '{"a": 1 "b": 2}',
      '{"a": 1,}',
      "{a: 1}",
      '{"a": "1}',
      '{"a": [1}',
      '{"\\x": 1}',
      '{"a": 1',
    ]
  ) {
    it(`finds none in ${text}`, () => assertEquals(members(text), null));
  }

  it("finds what JSON.parse finds, in any object, however it is written", () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.jsonValue()), fc.nat(3), (object, indent) => {
        const text = JSON.stringify(object, null, indent);
        const found = members(text)!.map(([key, value]) => [key, JSON.parse(value!)]);
        assertEquals(
          new Map(found as [string, unknown][]),
          new Map(Object.entries(JSON.parse(text))),
        );
      }),
    );
  });
});

describe("itemsOf()", () => {
  it("tells the text of each item", () => {
    assertEquals(items('[[1.0, 2] , "a]", {} ]'), ["[1.0, 2]", '"a]"', "{}"]);
    assertEquals(items("[ ]"), []);
  });

  it("finds none where a comma is missing, or the end", () => {
    for (const text of ["[1 2]", "[1, 2", "[,]", "{}", "[[1, 2]"]) {
      assertEquals(items(text), null, text);
    }
  });
});

describe("stringOf()", () => {
  it("reads strings, and nothing else", () => {
    assertEquals(stringOf('"\\u0041b"', { start: 0, end: 9 }), "Ab");
    assertEquals(stringOf("7", { start: 0, end: 1 }), null);
    assertEquals(stringOf('"\\x"', { start: 0, end: 4 }), null);
  });
});
