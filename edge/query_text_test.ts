import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { readQuery } from "./query_text.ts";

function query(query_type: string, query: unknown, kwargs?: unknown) {
  return readQuery(JSON.stringify({ query_type, query, kwargs }));
}

/** Enough positions to share out. */
const list = Array.from({ length: 500 }, (_, i) => [i / 10, i / 100]);
const named = Object.fromEntries(list.map((pair, i) => [`source ${i}`, pair]));
const cones = (radec: unknown, catalogs: unknown = { Gaia: {} }) =>
  query("cone_search", {
    object_coordinates: { cone_search_radius: 2, cone_search_unit: "arcsec", radec },
    catalogs,
  });

describe("readQuery()", () => {
  it("tells the catalogs of each type of query, without blanks around them, in order", () => {
    assertEquals(query("find", { catalog: " ZTF ", filter: {} }).catalogs, ["ZTF"]);
    assertEquals(cones([], { b: {}, " a ": {}, "2": {} }).catalogs, ["2", "b", "a"]);
    assertEquals(
      readQuery('{"query_type": "near", "query": {"catalogs": {"b": {}, "2": {}}}}').catalogs,
      [
        "b",
        "2",
      ],
    );
    assertEquals(query("info", { command: "catalog_info", catalog: "a" }).catalogs, ["a"]);
    assertEquals(query("info", { command: "catalog_names" }).command, "catalog_names");
  });

  it("takes what isn't a query for one of nothing", () => {
    for (
      const text of [
        "",
        "[]",
        "{",
        "nope",
        '{"query_type": 7, "query": []}',
        '{"query": {"catalog": 1}}',
      ]
    ) {
      const { type, catalogs, positions, isPartial } = readQuery(text);
      assertEquals([type, catalogs, positions, isPartial], [null, [], 0, false], text);
    }
  });

  it("tells who takes an answer in part", () => {
    const partial = (value: unknown) => query("near", {}, { partial: value }).isPartial;
    assertEquals([true, false, "true", 1, null].map(partial), [true, false, false, false, false]);
  });

  it("tells who only asks for the cost", () => {
    assertEquals(query("near", {}, { explain: true }).isExplained, true);
    assertEquals(query("near", { explain: true }, { explain: 1 }).isExplained, false);
  });

  for (
    const [what, stage, joined] of [
      ["$lookup", { $lookup: { from: "b", as: "x" } }, ["b"]],
      ["$graphLookup", { $graphLookup: { from: "b", as: "x" } }, ["b"]],
      ["$unionWith", { $unionWith: "b" }, ["b"]],
      ["$unionWith with stages", { $unionWith: { coll: "b", pipeline: [] } }, ["b"]],
      ["stages in stages", {
        $facet: { f: [{ $lookup: { from: "b", pipeline: [{ $lookup: { from: "c" } }] } }] },
      }, ["b", "c"]],
      ["no field that is called so", { $match: { from: "b", x: "lookup" } }, []],
      ["no name that isn't one", { $lookup: { from: { db: "x", coll: "y" } } }, []],
    ] as const
  ) {
    it(`tells the catalogs that a pipeline reads besides: ${what}`, () => {
      assertEquals(query("aggregate", { catalog: "a", pipeline: [stage] }).joined, [...joined]);
      const text = JSON.stringify([stage]).replaceAll('"', "'");
      if (what.startsWith("no")) return;
      assertEquals(query("aggregate", { catalog: "a", pipeline: text }).joined, [...joined]);
    });
  }

  it("sees through escapes in a pipeline, and not through what isn't one", () => {
    const pipeline = '[{"\\u0024\\u006cookup": {"from": "b"}}]';
    const text = (stages: string) =>
      `{"query_type": "aggregate", "query": {"catalog": "a", "pipeline": ${stages}}}`;
    assertEquals(readQuery(text(pipeline)).joined, ["b"]);
    assertEquals(readQuery(text('[{"$lookup": {"from": "b"}]')).joined, []);
    assertEquals(readQuery(text('[{"$lookup": {"from": nope}}]')).joined, []);
  });

  describe("its positions", () => {
    it("are counted, in lists and objects, for cones and what is near", () => {
      assertEquals([cones(list).positions, cones(named).positions], [500, 500]);
      assertEquals(query("near", { radec: named, catalogs: {} }).positions, 500);
    });

    for (
      const [what, radec] of [
        ["that are few", list.slice(0, 9)],
        ["that are text", "46.99 9.36"],
        ["of which two have one name", { ...named, "a.b": [1, 1], a_b: [2, 2] }],
        ["of which two are the same", [...list, [1.5, 1], [1.5, 1]]],
        ["that no core would take", Array.from({ length: 10_001 }, (_, i) => [i / 100, 1])],
      ] as const
    ) {
      it(`are not taken apart ${what}`, () => assertEquals(cones(radec).positions, 0));
    }
  });

  describe("its parts", () => {
    const text = `{"query_type": "near", "kwargs": {"limit": 1.0}, "query": {"radec": {${
      list.map((_, i) => `"source ${i}" : [7.0e1, ${i}.50]`)
    }}, "catalogs" : { " A " : {"filter": {"candid": 1127561445515015011}}, "B": {} , "C":{}}}} `;

    it("are the client's own text, without the other catalogs and positions", () => {
      assertEquals(
        readQuery(text).part(["A", "C"], { from: 498, to: 500 }),
        '{"query_type": "near", "kwargs": {"limit": 1.0}, "query": {"radec": ' +
          '{"source 498" : [7.0e1, 498.50], "source 499" : [7.0e1, 499.50]}, ' +
          '"catalogs" : {" A " : {"filter": {"candid": 1127561445515015011}}, "C":{}}}} ',
      );
    });

    it("have all positions where none are left out, and lists stay lists", () => {
      const whole = readQuery(text).part(["A", "B", "C"], undefined);
      assertEquals(JSON.parse(whole), JSON.parse(text));
      const part = cones(list).part(["Gaia"], { from: 0, to: 2 });
      assertEquals(JSON.parse(part).query.object_coordinates.radec, list.slice(0, 2));
    });

    it("make the whole again, share by share", () => {
      const reader = readQuery(text);
      const shares = [[0, 200], [200, 333], [333, 500]].map(([from, to]) =>
        JSON.parse(reader.part(["B"], { from: from!, to: to! })).query.radec
      );
      assertEquals(Object.assign({}, ...shares), JSON.parse(text).query.radec);
    });
  });
});
