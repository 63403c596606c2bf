/** How many queries run at once: of all, and of one. */
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { UnavailableError } from "../contract/query.ts";
import { Running, TooManyError } from "./running.ts";

describe("Running", () => {
  it("refuses what is too many of one, and takes it when the first has ended", () => {
    const running = new Running({ all: 10, ofOne: 2 });
    const end = running.begin("a");
    running.begin("a");
    assertThrows(() => running.begin("a"), TooManyError, "must be <= 2 at once");
    running.begin("b");
    end();
    running.begin("a");
    assertEquals(running.count, 3);
  });

  it("has no room for anybody when there are too many of all", () => {
    const running = new Running({ all: 2, ofOne: 2 });
    const end = running.begin("a");
    running.begin("b");
    assertThrows(() => running.begin("c"), UnavailableError, "2 queries are running");
    end();
    running.begin("c");
    assertEquals(running.count, 2);
  });
});
