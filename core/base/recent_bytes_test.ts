import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { RecentBytes } from "./recent_bytes.ts";

const of = (length: number) => ({ bytes: new Uint8Array(length) });

describe("RecentBytes", () => {
  it("gives what was set, until there is no more room for it", () => {
    const recent = new RecentBytes({ bytesMax: 10 });
    const [a, b, c] = [of(4), of(4), of(4)];
    recent.set("a", a);
    recent.set("b", b);
    recent.set("c", c);
    assertEquals([recent.get("a"), recent.get("b"), recent.get("c")], [undefined, b, c]);
  });

  it("keeps what is used", () => {
    const recent = new RecentBytes({ bytesMax: 10 });
    recent.set("a", of(4));
    recent.set("b", of(4));
    recent.get("a");
    recent.set("c", of(4));
    assertEquals(["a", "b", "c"].map((key) => recent.get(key)?.bytes.length), [4, undefined, 4]);
  });

  it("counts what is set again once, and keeps nothing that is larger than it all", () => {
    const recent = new RecentBytes({ bytesMax: 10 });
    recent.set("a", of(4));
    recent.set("a", of(6));
    recent.set("b", of(4));
    assertEquals([recent.get("a"), recent.get("b")], [of(6), of(4)]);
    recent.set("c", of(11));
    assertEquals(["a", "b", "c"].map((key) => recent.get(key)), [undefined, undefined, undefined]);
  });
});
