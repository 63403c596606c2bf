// A worker must get the filters that its broker has, value by value.
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { Double, ObjectId } from "./contract/document.ts";
import { parseExact } from "./contract/json.ts";
import type { ActiveFilter } from "./contract/passed.ts";
import { fromSent, movedOf, toSent } from "./sent_job.ts";

describe("toSent()", () => {
  const filter: ActiveFilter = {
    filterId: 1,
    groupId: 2,
    fid: "abc123",
    permissions: [1, 2],
    pipeline: [
      { $match: parseExact('{"a": {"$lt": 19.0}, "b": 19, "c": 2475433850015010009}') },
      { $match: { d: new Date(0), e: new ObjectId("0123456789abcdef01234567") } },
    ],
    autosave: { active: true, comment: "x" },
    autoFollowup: {},
    updateAnnotations: false,
  };

  it("keeps all types over a message", () => {
    const job = { packets: [], filterVersion: "1", filters: [filter] };
    const { filters } = fromSent(structuredClone(toSent(job)));
    assertEquals(filters, [filter]);
    assertEquals(filters![0]!.pipeline[0], {
      $match: { a: { $lt: new Double(19) }, b: 19, c: 2475433850015010009n },
    });
  });

  it("leaves out the filters that a worker has", () => {
    assertEquals(fromSent(toSent({ packets: [], filterVersion: "1" })), {
      packets: [],
      filterVersion: "1",
    });
  });

  it("moves a copy of each packet's bytes", () => {
    fc.assert(fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 8 }), (all) => {
      const packets = all.map((bytes, i) => ({
        bytes: bytes.subarray(Math.min(1, bytes.length)), // Of a larger buffer, as those of Kafka are.
        topic: "ztf",
        partition: i,
        offset: BigInt(i),
        timestampMs: i,
      }));
      const sent = toSent({ packets, filterVersion: "1" });
      const got = fromSent(structuredClone(sent, { transfer: movedOf(sent) }));
      assertEquals(sent.bytes.length, 0);
      assertEquals(got.packets, packets);
    }));
  });
});
