import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import fc from "fast-check";
import { noSamples, samplePackets } from "../../tests/support/samples.ts";
import { decodePacket } from "./decode.ts";
import { ALERT_RECORD, ALERT_SCHEMA, packetOf } from "./packets_for_tests.ts";
import { peekObjectId } from "./peek.ts";

describe("peekObjectId()", () => {
  const packet = packetOf(ALERT_SCHEMA, [ALERT_RECORD]);

  it("gives the object id, whatever stands before it", () => {
    assertEquals(peekObjectId(packet), "ZTF26aaaaaab");
    const [first, id, ...rest] = ALERT_SCHEMA.fields;
    const late = { ...ALERT_SCHEMA, fields: [...rest, first, { ...id, name: "objectid" }] };
    const { objectId, ...record } = ALERT_RECORD;
    assertEquals(peekObjectId(packetOf(late, [{ ...record, objectid: objectId }])), "ZTF26aaaaaab");
  });

  it("gives it of a deflated packet without inflating all of it", () => {
    const records = Array.from({ length: 500 }, () => ALERT_RECORD);
    assertEquals(
      peekObjectId(packetOf(ALERT_SCHEMA, records, { codec: "deflate" })),
      "ZTF26aaaaaab",
    );
  });

  it("gives null where the record has no text of this name, or there is no record", () => {
    const number = { type: "record", name: "r", fields: [{ name: "objectId", type: "int" }] };
    assertEquals(peekObjectId(packetOf(number, [{ objectId: 1 }])), null);
    assertEquals(peekObjectId(packetOf(ALERT_SCHEMA, [])), null);
  });

  it("gives null, or a text, for damaged packets", () => {
    assertEquals(peekObjectId(new Uint8Array(0)), null);
    fc.assert(fc.property(fc.nat(packet.length - 1), fc.nat(255), (at, byte) => {
      const bad = new Uint8Array(packet);
      bad[at] = byte;
      for (const bytes of [bad, bad.subarray(0, at)]) {
        const id = peekObjectId(bytes);
        assertEquals(id === null || typeof id === "string", true);
      }
    }));
  });

  for (const survey of ["ztf", "pgir", "wntr", "turbo"]) {
    it(`gives what the decoder gives for every sample of ${survey}`, { skip: noSamples }, () => {
      for (const [name, bytes] of samplePackets(survey)) {
        const [record] = decodePacket(bytes);
        assertEquals(peekObjectId(bytes), record!.objectId ?? record!.objectid, name);
      }
    });
  }
});
