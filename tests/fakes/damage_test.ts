import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { DecodeError, decodePacket } from "../../core/pipeline/decode.ts";
import { Random } from "../../core/sources/simulator/random.ts";
import { DAMAGE_NAMES, damaged } from "./damage.ts";
import { fakePackets } from "./packets.ts";

const [packet, other] = fakePackets({ alerts: 2 }).map(({ bytes }) => bytes) as [
  Uint8Array,
  Uint8Array,
];

describe("damaged()", () => {
  for (const how of DAMAGE_NAMES) {
    it(`gives ${how}, the same for the same random numbers, and leaves the packet alone`, () => {
      const before = packet.slice();
      let changed = 0;
      for (let n = 0; n < 10; n++) {
        const bytes = damaged(packet, new Random(how, n), { other, how });
        assert.deepEqual(damaged(packet, new Random(how, n), { other, how }), bytes);
        if (bytes.length !== packet.length || bytes.some((byte, at) => byte !== packet[at])) {
          changed++;
        }
        try {
          assert.ok(decodePacket(bytes).length >= 1);
        } catch (error) {
          assert.ok(error instanceof DecodeError, `${how} ${n}: ${error}`);
        }
      }
      assert.ok(changed >= 9);
      assert.deepEqual(packet, before);
    });
  }

  it("damages what the decoder must not take: lengths, codec, magic, schema", () => {
    for (
      const how of ["cut", "a huge length of the block", "an unknown codec", "nothing"] as const
    ) {
      for (let n = 0; n < 10; n++) {
        const bytes = damaged(packet, new Random(how, n), { how });
        assert.throws(() => decodePacket(bytes), DecodeError, how);
      }
    }
  });

  it("chooses among all kinds of damage", () => {
    const random = new Random("all");
    const lengths = new Set<number>();
    for (let n = 0; n < 200; n++) lengths.add(damaged(packet, random, { other }).length);
    assert.ok(lengths.has(0) && lengths.has(packet.length) && lengths.size > 60);
  });
});

describe("fakePackets()", () => {
  it("gives packets with offsets that count in each topic", () => {
    const packets = fakePackets({ alerts: 30, seed: 6 });
    assert.equal(packets.length, 30);
    const topics = Map.groupBy(packets, ({ topic }) => topic);
    assert.equal(topics.size, 3);
    for (const all of topics.values()) {
      assert.deepEqual(all.map(({ offset }) => offset), all.map((_, nth) => BigInt(nth)));
    }
  });
});
