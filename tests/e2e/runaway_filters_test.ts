/** Filters that would never end: each is set aside with its reason, and the others pass what they passed. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { FilterFaultLog } from "../../core/archive/filter_faults.ts";
import type { Packet } from "../../core/contract/packet.ts";
import { catalog, type FilterApi, startFilterApi } from "../support/filter_api.ts";
import { filterOf } from "../support/filters.ts";
import { openIngest, simulatedPackets } from "../support/ingest.ts";
import { RUNAWAYS } from "../support/runaway_filters.ts";

let filters: FilterApi;
before(async () => void (filters = await startFilterApi({ alerts: false })));
after(() => filters[Symbol.asyncDispose]());

describe("a filter that runs away", () => {
  const good = Array.from(
    { length: 20 },
    (_, i) => filterOf([{ $match: { "candidate.magpsf": { $lt: 15 + i / 4 } } }], 1 + i),
  );
  const bad = Object.entries(RUNAWAYS).map(([name, pipeline], i) => ({
    name,
    filter: { ...filterOf(pipeline, 101 + i), fid: `runaway${i}` },
  }));
  const batches: Packet[][] = [];
  const packets = simulatedPackets({ alerts: 60 });
  while (packets.length > 0) batches.push(packets.splice(0, 15));

  it("is set aside with its reason, is told of, and costs the others no pass", async () => {
    const { uri, name } = filters.api.database;
    await using open = await openIngest(uri, name);
    await using faults = new FilterFaultLog(open.db, (error) => assertEquals(error, null), 10);
    const failed = new Map<string, string>();
    for (const packets of batches) {
      const report = await open.ingest.run({
        packets,
        filterVersion: "all",
        filters: [...good, ...bad.map(({ filter }) => filter)],
      });
      assertEquals(report.stored, packets.length);
      faults.add(report.filterFailures);
      for (const { fid, reason } of report.filterFailures) failed.set(fid, reason);
    }
    assertEquals([...failed.keys()].sort(), bad.map(({ filter }) => filter.fid));
    for (const reason of failed.values()) assert(reason.includes("too expensive 3 times"), reason);

    const passes = await open.db.collection("outbox").find().toArray();
    const expected = await open.db.collection(catalog).aggregate([
      { $project: { m: "$candidate.magpsf" } },
    ]).toArray();
    const wanted = expected.reduce(
      (sum, { m }) => sum + good.filter((_, i) => m < 15 + i / 4).length,
      0,
    );
    assert(wanted > 60, `${wanted}`);
    assertEquals(passes.length, wanted);
  });

  it("is found to be so by who keeps it", async () => {
    // From before, or by hand: what is saved by the API is tried first.
    const pipeline = JSON.stringify(RUNAWAYS["loops within loops"]);
    await filters.db.collection("filters").insertOne({
      filter_id: 102,
      group_id: 1,
      catalog,
      permissions: [1],
      active: true,
      active_fid: "runaway1",
      fv: [{ fid: "runaway1", pipeline, created_at: new Date() }],
    });
    const { body: { data } } = await filters.ok("GET", "/api/filters/102");
    const [failure, ...others] = data.failures;
    assertEquals([others, failure.fid, failure.batches], [[], "runaway1", batches.length]);
    assert(failure.reason.includes("too expensive"), failure.reason);
  });
});
