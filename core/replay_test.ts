// What was set aside becomes an alert once it can be read, and only then leaves the shelf.
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { putRejected } from "./archive/rejected.ts";
import { replayRejected } from "./replay.ts";
import { openIngest, simulatedPackets } from "../tests/support/ingest.ts";
import { testDatabase } from "../tests/support/mongo.ts";

describe("replayRejected()", () => {
  it("stores what can be read now, and keeps the rest", async () => {
    await using database = await testDatabase();
    await using opened = await openIngest(database.uri, database.name);
    const packets = simulatedPackets({ alerts: 3 });
    // As if an earlier version had refused two good ones.
    const cut = { ...packets[2]!, bytes: packets[2]!.bytes.slice(0, 9_000) };
    await putRejected(
      opened.db,
      "ztf",
      [packets[0]!, packets[1]!, cut].map((packet) => ({ packet, reason: "not understood" })),
    );
    const replayed = await replayRejected(opened.db, "ztf", opened.ingest, []);
    assertEquals(replayed, { stored: 2, rejected: 1 });
    assertEquals(await opened.db.collection("ZTF_alerts").countDocuments(), 2);
    assertEquals(await opened.db.collection("rejected").countDocuments(), 1);
    const again = await replayRejected(opened.db, "ztf", opened.ingest, []);
    assertEquals(again, { stored: 0, rejected: 1 });
  });
});
