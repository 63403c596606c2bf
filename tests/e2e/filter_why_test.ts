/** Why an alert didn't pass: through the whole chain, on real packets. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import assertNode from "node:assert/strict";
import { assert, assertEquals } from "@std/assert";
import {
  CANDID,
  catalog,
  type FilterApi,
  filterMaker,
  guest,
  narrow,
  savedFilter,
  skyportal,
  startFilterApi,
} from "../support/filter_api.ts";
import { openIngest, realPackets } from "../support/ingest.ts";
import { noSamples } from "../support/samples.ts";

let filters: FilterApi;
before(async () => void (filters = await startFilterApi()));
after(() => filters[Symbol.asyncDispose]());

const make = filterMaker(101);
/** Saves a filter and gives its path. */
async function saved(pipeline: unknown, permissions = [1, 2, 3], on = filters): Promise<string> {
  return await savedFilter(on, make({ permissions, pipeline }));
}

/** Text, as a client gets it that asks for it. */
async function text(path: string, headers: Record<string, string>, on = filters): Promise<string> {
  const response = await fetch(`${on.api.edge.url}${path}`, {
    headers: { authorization: await on.api.token(), ...headers },
  });
  assertEquals(response.status, 200);
  assertEquals(response.headers.get("content-type"), "text/plain; charset=utf-8");
  return await response.text();
}

describe("why an alert didn't pass, of real packets", { skip: noSamples }, () => {
  let real: FilterApi;
  before(async () => {
    real = await startFilterApi({ alerts: false });
    await using open = await openIngest(real.api.database.uri, real.api.database.name);
    await open.ingest.run({ packets: realPackets(), filterVersion: "none", filters: [] });
  });
  after(() => real[Symbol.asyncDispose]());

  const YOUNG = [
    { $match: { "candidate.drb": { $gt: 0.2 } } },
    {
      $project: {
        objectId: 1,
        candid: 1,
        age: { $subtract: ["$candidate.jd", "$candidate.jdstarthist"] },
        detections: {
          $filter: { input: "$prv_candidates", as: "p", cond: { $gt: ["$$p.magpsf", 0] } },
        },
      },
    },
    { $match: { age: { $lt: 20 }, detections: { $size: 0 } } },
  ];

  it("names the stage, the value and how far it is", async () => {
    const path = await saved(
      [
        { $match: { "candidate.drb": { $gt: 0.8 }, "candidate.ndethist": { $gt: 1 } } },
        { $project: { objectId: 1, candid: 1 } },
      ],
      [1],
      real,
    );
    const address = `${path}/why?candid=2475433850315015013`;
    const { body: { data }, text: json } = await real.ok("GET", address);
    assertEquals([data.objectId, data.why.passes, data.why.stopped_at], ["ZTF19abtktkd", false, 1]);
    assert(json.includes('"candid": 2475433850315015013,'), json);
    const [drb, detections] = data.why.stages[0].conditions;
    assertEquals(
      [drb.place, drb.asks, drb.holds, drb.found],
      [
        "stage 1, $match.candidate.drb.$gt",
        "candidate.drb must be > 0.8",
        false,
        "it is 0.23274723",
      ],
    );
    assertEquals([drb.short.way, drb.short.by.toFixed(4)], ["short", "0.5673"]);
    assertEquals([detections.holds, detections.found], [true, "it is 11"]);
    assertEquals(data.why.stages[1], {
      stage: 2,
      name: "$project",
      in: 0,
      out: 0,
      ran: "in process",
    });
    const readable = await text(address, { accept: "text/plain" }, real);
    assertNode.match(
      readable,
      /^ZTF19abtktkd, candid 2475433850315015013, and filter \d+, version \w{6}: does not pass/,
    );
    assert(
      readable.includes("  - candidate.drb must be > 0.8: it is 0.23274723 (0.567 short)\n"),
      readable,
    );
    assert(readable.includes("  + candidate.ndethist must be > 1: it is 11\n"), readable);
    assertEquals(await text(`${address}&format=text`, {}, real), readable);
    // To share: it is told of the same version, when there is another one.
    assertEquals(data.address, `${address}&version=${data.version}`);
    assert(readable.endsWith(`\naddress: ${data.address}\n`), readable);
    await real.ok("POST", "/api/filters", {
      filter_id: data.filter_id,
      group_id: 3,
      catalog,
      pipeline: [{ $match: {} }],
    });
    assertEquals((await real.ok("GET", address)).body.data.why.passes, true);
    assertEquals((await real.ok("GET", data.address)).text, json);
  });

  it("tells what a computed value was made of, with its units", async () => {
    const path = await saved(YOUNG, [1], real);
    const { body } = await real.ok("GET", `${path}/why?candid=2475433850015010009`);
    const [age, detections] = body.data.why.stages[2].conditions;
    assertEquals(age.asks, "age must be < 20");
    assertEquals(age.made_of.formula, "candidate.jd - candidate.jdstarthist");
    assertEquals(age.made_of.stage, 2);
    const [jd, start] = age.made_of.of;
    assertEquals([jd.path, jd.value], ["candidate.jd", 2460229.9338542]);
    assertEquals((jd.value - start.value - age.short.by).toFixed(6), "20.000000");
    assertEquals(detections.short.unit, "items");
    assertEquals(detections.made_of.of[0].path, "prv_candidates");
    const faint = await saved([{ $match: { "candidate.magpsf": { $lt: 17 } } }], [1], real);
    const { body: { data } } = await real.ok("GET", `${faint}/why?candid=2475433850015010009`);
    const { short } = data.why.stages[0].conditions[0];
    assertEquals([short.way, short.unit, short.by.toFixed(3)], ["over", "mag", "0.856"]);
  });

  it("says so where it passes, with what came out", async () => {
    const path = await saved(YOUNG, [1], real);
    const { body: { data } } = await real.ok("GET", `${path}/why?candid=2475433850215015019`);
    assertEquals(data.why.passes, true);
    assertEquals(data.why.result.objectId, "ZTF23abjjnqp");
    assertEquals(data.why.stopped_at, undefined);
  });

  it("names the stage that made more than one document", async () => {
    const path = await saved(
      [
        { $match: { "candidate.drb": { $gt: 0.5 } } },
        { $unwind: "$prv_candidates" },
        { $project: { candid: 1, objectId: 1 } },
      ],
      [1],
      real,
    );
    const { body: { data } } = await real.ok("GET", `${path}/why?candid=2475433850015010009`);
    assertEquals([data.why.stopped_at, data.why.stages[1].out], [2, 20]);
    assertNode.match(
      data.why.reason,
      /^stage 2, \$unwind, makes 20 documents, of which 20 come out/,
    );
  });

  it("is a line for each alert of an object, and in full of the nearest one", async () => {
    const path = await saved(
      [{ $match: { "candidate.magpsf": { $lt: 17.52 } } }, {
        $match: { "candidate.ndethist": { $lt: 10 } },
      }],
      [1],
      real,
    );
    const { body: { data } } = await real.ok("GET", `${path}/why?objectId=ZTF20aajcdad`);
    assertEquals(data.alerts.map(({ reason }: { reason: string }) => reason), [
      "stage 2, $match: candidate.ndethist must be < 10: it is 33 (23 over)",
      "stage 1, $match: candidate.magpsf must be < 17.52: it is 17.54656 (0.0266 mag over)",
    ]);
    assert(data.alerts[0].jd > data.alerts[1].jd);
    assertEquals(String(data.nearest.candid), String(data.alerts[0].candid));
    assertEquals(data.nearest.why.stopped_at, 2);
    const readable = await text(`${path}/why?objectId=ZTF20aajcdad&format=text`, {}, real);
    assertEquals(readable.split("\n").filter((line) => /^ {2}\d{19} {2}JD /.test(line)).length, 2);
  });

  it("sees the light curve as it is by now, or as it was", async () => {
    const path = await saved([{ $match: { "prv_candidates.40": { $exists: true } } }], [1], real);
    const own = `${path}/why?candid=1127495406315015005`;
    const newest = async (address: string) => (await real.ok("GET", address)).body.data;
    const isLater = [{
      $match: { $expr: { $gt: [{ $max: "$prv_candidates.jd" }, "$candidate.jd"] } },
    }];
    const later = await saved(isLater, [1], real);
    const of = (query: string) => newest(`${later}/why?candid=1127495406315015005${query}`);
    // Its object's next packet has brought points that come after it, or this very point.
    assertEquals((await newest(own)).as_of, false);
    assertEquals((await of("&as_of=true")).why.passes, false);
    const { as_of, address } = await of("&as_of=true");
    assertEquals([as_of, address.endsWith("&as_of=true")], [true, true]);
    await real.db.collection(`${catalog}_aux`).updateOne(
      { _id: "ZTF20aajcdad" as never },
      { $push: { prv_candidates: { jd: 2470000.5, programid: 1 } as never } },
    );
    assertEquals((await of("")).why.passes, true);
    assertEquals((await of("&as_of=true")).why.passes, false);
  });

  it("asks MongoDB what isn't compiled, and says so", async () => {
    const path = await saved(
      [
        { $match: { $jsonSchema: { required: ["candidate"] }, "candidate.drb": { $gt: 0.9 } } },
        { $fill: { output: { n: { value: 1 } } } },
        { $match: { n: 7 } },
      ],
      [1],
      real,
    );
    const { body: { data } } = await real.ok("GET", `${path}/why?candid=2475433850015010009`);
    const ran = data.why.stages.map(({ ran }: { ran: string }) => ran);
    assertEquals(ran.slice(0, 2), ["in MongoDB", "in MongoDB"]);
    assertEquals(data.why.stages[0].conditions.map(({ holds }: { holds: boolean }) => holds), [
      true,
      true,
    ]);
    assertEquals([data.why.stopped_at, data.why.stages[2].conditions[0].found], [3, "it is 1"]);
  });

  it("is told of a draft too", async () => {
    const draft = { catalog, permissions: [1], pipeline: [{ $match: { "candidate.fid": 2 } }] };
    const body = `{"candid": 2475433850015010009, ${JSON.stringify(draft).slice(1)}`;
    const { body: { data } } = await real.ok("POST", "/api/filters/why", body);
    assertEquals(data.why.stages[0].conditions[0].found, "it is 1");
    assertEquals([data.objectId, data.filter_id, data.address], [
      "ZTF17aadcvhq",
      undefined,
      undefined,
    ]);
  });
});

describe("who may know why", () => {
  const whole = [{ $match: { "candidate.drb": { $gt: 9 } } }];
  const last = CANDID + 5n; // Of programid 2.

  it("sees no alert that they may not see, whatever the filter may", async () => {
    const path = await saved(whole);
    await filters.ok("GET", `${path}/why?candid=${last}`, undefined, skyportal);
    const missing = `Alert ${last} not found in ${catalog}`;
    await filters.refused(missing, "GET", `${path}/why?candid=${last}`, undefined, narrow);
    await filters.refused("Alert 7 not found in", "GET", `${path}/why?candid=7`, undefined, narrow);
    const { body } = await filters.ok("GET", `${path}/why?objectId=ZTF18abcb`, undefined, narrow);
    assertEquals(body.data.alerts.length, 2);
  });

  it("sees no alert that the filter may not see", async () => {
    const path = await saved(whole, [1]);
    await filters.refused(
      "not found in",
      "GET",
      `${path}/why?candid=${last}`,
      undefined,
      skyportal,
    );
  });

  it("makes no draft that sees more than they may", async () => {
    const draft = { catalog, pipeline: whole, candid: String(last) };
    const { status } = await filters.send(
      "POST",
      "/api/filters/why",
      { ...draft, permissions: [1, 2] },
      narrow,
    );
    assertEquals(status, 403);
    await filters.refused("not found in", "POST", "/api/filters/why", draft, narrow);
    await filters.ok("POST", "/api/filters/why", draft, skyportal);
  });

  it("has the permission to keep filters", async () => {
    const path = await saved(whole);
    for (const what of ["why?candid=7", "explain"]) {
      assertEquals((await filters.send("GET", `${path}/${what}`, undefined, guest)).status, 403);
    }
  });
});

describe("what is asked about a filter", () => {
  it("is refused where it makes no sense, with what is wrong", async () => {
    const path = await saved([{ $match: {} }]);
    const why = (query: string) => `${path}/why${query}`;
    const one = "one of candid and objectId must be given";
    await filters.refused(one, "GET", why(""));
    await filters.refused(one, "GET", why("?candid=7&objectId=a"));
    await filters.refused("integer of 64 bits", "GET", why("?candid=x"));
    await filters.refused("integer of 64 bits", "GET", why("?candid=9999999999999999999"));
    await filters.refused("ValidationError", "GET", why("?candid=7&as_of=maybe"));
    await filters.refused("Filter version zzz not found", "GET", why("?candid=7&version=zzz"));
    await filters.refused("Filter id 987654 not found", "GET", "/api/filters/987654/why?candid=7");
    await filters.refused("Object none not found", "GET", why("?objectId=none"));
    await filters.refused("alerts must be from 1 to", "GET", `${path}/explain?against=x&alerts=0`);
    const draft = (body: unknown) => ["POST", "/api/filters/why", body] as const;
    const good = { catalog, pipeline: [{ $match: {} }], candid: String(CANDID) };
    await filters.ok(...draft(good));
    await filters.refused("ValidationError", ...draft([]));
    await filters.refused("ValidationError", ...draft({ ...good, extra: 1 }));
    await filters.refused("its catalog must be one of", ...draft({ ...good, catalog: "users" }));
    await filters.refused("forbidden stages", ...draft({ ...good, pipeline: [{ $out: "users" }] }));
    await filters.refused("at least one stage", ...draft({ ...good, pipeline: [] }));
    await filters.refused(
      "isn't allowed: $function",
      ...draft({
        ...good,
        pipeline: [{ $match: { $expr: { $function: {} } } }],
      }),
    );
  });

  it("costs no more than a moment, however expensive the filter is", async () => {
    const loop = (inner: unknown): unknown => ({
      $reduce: { input: { $range: [0, 1000] }, initialValue: 0, in: { $add: ["$$value", inner] } },
    });
    const expensive = { $gt: [loop(loop(loop("$candidate.programid"))), 0] };
    const draft = {
      catalog,
      candid: String(CANDID),
      pipeline: Array.from(
        { length: 40 },
        () => ({ $match: { $expr: { $and: [expensive, expensive] } } }),
      ),
    };
    const { body: { data } } = await filters.ok("POST", "/api/filters/why", draft);
    assertNode.match(
      data.why.reason,
      /^stage 1, \$match, can't be run on this alert: Cannot go on as/,
    );
  });
});
