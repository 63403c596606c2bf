import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import type { FormatDef } from "./format.ts";
import { contentType, negotiate } from "./negotiate.ts";

const format = (name: string, ...mediaTypes: [string, ...string[]]): FormatDef => ({
  name,
  mediaTypes,
  async *write() {},
});
const json = format("json", "application/json");
const all = [format("csv", "text/csv"), json, format("parquet", "application/vnd.x", "x/y")];

describe("negotiate()", () => {
  for (
    const [accept, name] of [
      [null, "json"],
      ["*/*", "json"],
      ["text/html, text/csv;q=0.5", "csv"],
      ["text/csv, application/json", "csv"],
      ["text/csv;q=0.5, application/json", "json"],
      ["x/y", "parquet"],
    ] as const
  ) {
    it(`gives ${name} for ${JSON.stringify(accept)}`, () => {
      assertEquals(negotiate(accept, all, json).name, name);
    });
  }
});

describe("contentType()", () => {
  it("is the first media type, with what else there is to say", () => {
    assertEquals(contentType(json), "application/json");
    assertEquals(
      contentType({ ...json, parameters: "charset=utf-8" }),
      "application/json; charset=utf-8",
    );
  });
});
