import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertThrows } from "@std/assert";
import { mergedLists } from "./merge_lists.ts";

function list(...entries: string[]): string {
  return `{"status": "success", "message": "Retrieved ${entries.length} filters", ` +
    `"data": [${entries.join(", ")}]}`;
}

describe("mergedLists()", () => {
  it("sorts by ids as numbers, whatever their length, and counts", () => {
    const [small, large, largest] = ["9", "9007199254740993", "9007199254740994"]
      .map((id) => `{"_id": 1, "filter_id": ${id}, "x": 1.0}`);
    const texts = [list(large!), list(), list(largest!, small!)];
    assertEquals(mergedLists(texts, { by: "filter_id" }), list(small!, large!, largest!));
  });

  it("sorts by dates, the newest first", () => {
    const [old, late, latest] = [
      "2023-06-23T15:42:26Z",
      "2023-06-23T15:42:26.5Z",
      "2024-01-01T00:00:00Z",
    ]
      .map((date) => `{"queued_at": {"$date": "${date}"}}`);
    const merged = mergedLists([list(old!, latest!), list(late!)], {
      by: "queued_at",
      isDescending: true,
    });
    assertEquals(merged, list(latest!, late!, old!));
  });

  it("keeps the order of archives where entries are equal", () => {
    assertEquals(
      mergedLists([list('{"a": 1}'), list('{"b": 2}')], { by: "n" }),
      list('{"a": 1}', '{"b": 2}'),
    );
  });

  it("takes nothing for a list that is none", () => {
    for (const text of ['{"message": "x"}', '{"data": {}}', "", '{"data": [1']) {
      assertThrows(() => mergedLists([list(), text], { by: "n" }), Error, "must be a list");
    }
  });
});
