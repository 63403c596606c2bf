/** What a batch of a replay comes to. */
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { type Document, Double } from "../../contract/document.ts";
import { BatchTally } from "./batch_tally.ts";

/** Noon of a day: its night has that day's date until midnight. */
const NOON = 2_460_000;

function alert(candid: bigint, objectId: string, jd: number, more: Document = {}): Document {
  return { candid, objectId, candidate: { jd: new Double(jd) }, ...more };
}
const PLACE = { coordinates: { radec_geojson: { type: "Point", coordinates: [-170, 20] } } };

describe("BatchTally", () => {
  it("counts by the date of the exposure, UTC", () => {
    const tally = new BatchTally({ objectIdKey: "objectId" });
    tally.add(alert(1n, "a", NOON + 0.49), {}, false);
    tally.add(alert(2n, "a", NOON + 0.5), undefined, true);
    tally.add(alert(3n, "b", NOON + 0.6), {}, true);
    assertEquals([...tally.nights], [
      ["2023-02-24", { alerts: 1, passes: 1, live_passes: 0 }],
      ["2023-02-25", { alerts: 2, passes: 1, live_passes: 2 }],
    ]);
    assertEquals(tally.alerts, 3);
    assertEquals(tally.passes.map(({ candid }) => candid), [1n, 3n]);
  });

  it("keeps the first pass of an object in each version, in whatever order they come", () => {
    const tally = new BatchTally({ objectIdKey: "objectId" });
    for (const [candid, day] of [[1n, 3], [2n, 1], [3n, 2]] as const) {
      tally.add(alert(candid, "a", NOON + day), {}, candid !== 2n);
    }
    assertEquals(tally.changes(new Map()), [
      { objectId: "a", firstJd: NOON + 1, liveFirstJd: NOON + 2 },
    ]);
  });

  it("keeps objects that passed nothing only where somebody knows them", () => {
    const tally = new BatchTally({ objectIdKey: "objectId" });
    tally.add(alert(1n, "a", NOON, PLACE), undefined, false);
    tally.add(alert(2n, "b", NOON), undefined, false);
    assertEquals(tally.changes(new Map([["a", { label: "SN" }]])), [
      { objectId: "a", firstJd: undefined, liveFirstJd: undefined, label: "SN" },
    ]);
    assertEquals(tally.objects.get("a")!.position, { raDeg: 10, decDeg: 20 });
    assertEquals(tally.objects.get("b")!.position, undefined);
  });
});
