// Damaged packets by the thousand: each is a reject with its reason or an alert, and memory stays flat.
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import type { Packet } from "../../core/contract/packet.ts";
import { Random } from "../../core/sources/simulator/random.ts";
import { damaged } from "../fakes/damage.ts";
import { openIngest, simulatedPackets } from "../support/ingest.ts";
import { testDatabase } from "../support/mongo.ts";

const PACKETS = Deno.env.get("KOWALSKI_TEST_FULL") === "1" ? 10_000 : 2_000;
const BATCH = 100;
/** It goes up and down by 70 MB as memory is given back; a leak of each packet would be 500 MB. */
const GROWTH_MB_MAX = 150;

describe("damaged packets", () => {
  it("cost themselves only", async () => {
    await using database = await testDatabase();
    await using opened = await openIngest(database.uri, database.name);
    const whole = simulatedPackets({ alerts: 60 });
    const random = new Random(1, "damage");
    let [rejected, stored, known, read] = [0, 0, 0, 0];
    let quarterMb = 0;
    for (let at = 0; at < PACKETS; at += BATCH) {
      const packets = Array.from({ length: BATCH }, (_, i): Packet => {
        const packet = random.pick(whole);
        return {
          ...packet,
          bytes: damaged(packet.bytes, random, { other: random.pick(whole).bytes }),
          partition: 1,
          offset: BigInt(at + i),
        };
      });
      const report = await opened.ingest.run({ packets, filterVersion: "0", filters: [] });
      read += report.read;
      rejected += report.rejected;
      stored += report.stored;
      known += report.known;
      if (at <= PACKETS / 4) quarterMb = Deno.memoryUsage().rss / 1e6;
    }
    assertEquals(read, PACKETS);
    assertEquals(rejected + stored + known, PACKETS);
    assert(rejected > PACKETS / 2);
    const reasons = await opened.db.collection("rejected").find({}, { projection: { reason: 1 } })
      .toArray();
    assertEquals(reasons.length, rejected);
    for (const { reason } of reasons) assert(String(reason).length > 10, String(reason));
    const grownMb = Deno.memoryUsage().rss / 1e6 - quarterMb;
    assert(grownMb < GROWTH_MB_MAX, `Memory grew by ${grownMb.toFixed(0)} MB`);
  });
});
