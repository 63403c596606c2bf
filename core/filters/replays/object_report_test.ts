import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { ObjectTally, type ReplayedObject } from "./object_report.ts";

const object = (objectId: string, more: Partial<ReplayedObject> = {}): ReplayedObject => ({
  objectId,
  firstJd: undefined,
  liveFirstJd: undefined,
  ...more,
});

function reportOf(objects: readonly ReplayedObject[], hasLive = true) {
  const tally = new ObjectTally({ hasLive, hasTns: true, hasLabels: true });
  for (const each of objects) tally.add(each);
  return tally.report();
}

describe("ObjectTally", () => {
  it("tells objects that only one of the versions lets pass", () => {
    const { objects } = reportOf([
      object("a", { firstJd: 10 }),
      object("b", { liveFirstJd: 10 }),
      object("c", { firstJd: 10, liveFirstJd: 11 }),
      object("d", { tns: { type: null, discoveryJd: null } }),
    ]);
    assertEquals(objects, {
      passed: 2,
      live_passed: 2,
      gained: { count: 1, object_ids: ["a"] },
      lost: { count: 1, object_ids: ["b"] },
    });
  });

  it("tells how many days earlier or later objects passed, against the live version and discovery", () => {
    const tns = { type: "SN Ia", discoveryJd: 100 };
    const { tns: report, classes } = reportOf([
      object("a", { firstJd: 99, liveFirstJd: 103, tns }),
      object("b", { firstJd: 102, liveFirstJd: 102, tns, label: "Ia" }),
      object("c", { firstJd: 110, liveFirstJd: 107.5, tns: { ...tns, type: null } }),
      object("d", { firstJd: 104, tns: { type: "SN II", discoveryJd: null } }),
      object("e", { liveFirstJd: 104, tns }),
      object("f", { tns }),
    ]);
    assertEquals(report!.all, {
      objects: 6,
      passed: 4,
      live_passed: 4,
      gained: 1,
      lost: 1,
      days_against_live: {
        objects: 3,
        earlier: 1,
        same: 1,
        later: 1,
        min: -4,
        median: 0,
        max: 2.5,
      },
      days_against_discovery: {
        objects: 3,
        earlier: 1,
        same: 0,
        later: 2,
        min: -1,
        median: 2,
        max: 10,
      },
    });
    assertEquals(
      report!.by_type.map(({ name, objects, passed }) => [name, objects, passed]),
      [["SN II", 1, 1], ["SN Ia", 4, 2], ["unclassified", 1, 1]],
    );
    assertEquals(report!.by_type[0]!.days_against_discovery, null);
    assertEquals(classes!.map(({ name, objects }) => [name, objects]), [["Ia", 1]]);
  });

  it("takes the middle between two for the median of an even number", () => {
    const tns = { type: null, discoveryJd: 0 };
    const days = [4, 1, 3, 2].map((firstJd) => object(`${firstJd}`, { firstJd, tns }));
    assertEquals(reportOf(days).tns!.all.days_against_discovery!.median, 2.5);
  });

  it("compares nothing where no live version ran, and knows nothing where nobody was asked", () => {
    const { objects, tns } = reportOf([object("a", {
      firstJd: 1,
      tns: { type: null, discoveryJd: 0 },
    })], false);
    assertEquals(objects, { passed: 1, live_passed: null, gained: null, lost: null });
    assertEquals(tns!.all.days_against_live, null);
    assertEquals(tns!.all.live_passed, null);
    const tally = new ObjectTally({ hasLive: false, hasTns: false, hasLabels: false });
    const nothing = tally.report();
    assertEquals([nothing.tns, nothing.classes], [null, null]);
  });

  it("stays small whatever people call things", () => {
    const labels = Array.from(
      { length: 500 },
      (_, i) => object(`o${i}`, { label: `label ${i}`, firstJd: 1 }),
    );
    const { classes, objects } = reportOf(labels);
    assertEquals(classes!.length, 201);
    assertEquals(classes!.find(({ name }) => name === "others")!.objects, 300);
    assertEquals([objects.gained!.count, objects.gained!.object_ids.length], [500, 200]);
    assertEquals(reportOf([object("a", { label: "__proto__" })]).classes![0]!.name, "__proto__");
  });
});
