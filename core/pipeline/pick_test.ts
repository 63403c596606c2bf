import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Document } from "../contract/document.ts";
import { Pick } from "./pick.ts";

const isNull = (value: unknown) => value === null;

/** What it must give, said plainly. */
function plainly(record: Document, more: readonly string[], values: readonly unknown[]): Document {
  const kept = Object.entries(record).filter(([, value]) => value !== null);
  const added = more.map((key, i) => [key, values[i]]).filter(([, value]) => value !== undefined);
  return Object.fromEntries([...kept, ...added as [string, unknown][]]);
}

const value = fc.option(fc.integer());
const record = fc.oneof(
  fc.record({ jd: value, fid: value, pid: value, magpsf: value }, { noNullPrototype: true }),
  fc.record(
    { jd: value, magpsf: value, fid: value, pid: value, extra: value },
    { noNullPrototype: true },
  ),
  fc.dictionary(fc.string(), value, { maxKeys: 70, noNullPrototype: true }),
);

describe("Pick", () => {
  it("leaves out what is out, keeps the order, adds what is there", () => {
    const more = ["mag", "jd"];
    const pick = new Pick(isNull, more);
    fc.assert(fc.property(
      fc.array(
        fc.tuple(record, fc.array(fc.option(fc.nat(), { nil: undefined }), { maxLength: 2 })),
      ),
      (all) => {
        for (const [each, values] of all) {
          const before = structuredClone(each);
          const picked = pick.of(each, values);
          const wanted = plainly(each, more, values);
          assertEquals(Object.entries(picked), Object.entries(wanted));
          assertEquals(each, before);
        }
      },
    ));
  });

  it("is right beyond the choices that it remembers", () => {
    const pick = new Pick(isNull);
    for (let n = 0; n < 3_000; n++) {
      const each = Object.fromEntries(
        Array.from({ length: 12 }, (_, i) => [`k${i}`, (n >> i) & 1 ? i : null]),
      );
      assertEquals(pick.of(each), plainly(each, [], []));
    }
  });
});
