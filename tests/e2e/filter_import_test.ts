/** Filters of other brokers: from people's files to filters that the API shows, explains and tries. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { kowalski } from "../support/command_line.ts";
import { CANDID, type FilterApi, JD, startFilterApi } from "../support/filter_api.ts";

let filters: FilterApi;
before(async () => void (filters = await startFilterApi()));
after(() => filters[Symbol.asyncDispose]());

async function imported(from: "boom" | "lasair", text: string, ...more: string[]) {
  const { uri, name } = filters.api.database;
  const args = ["filters", "import", "file", "--from", from, "--group-id", "3", "--json", ...more];
  const settings = { KOWALSKI_DATABASE_URI: uri, KOWALSKI_DATABASE_DB: name };
  const { code, out, error } = await kowalski(args, settings, { file: text });
  assertEquals(code, 0, error);
  return JSON.parse(out);
}

const get = async (path: string) => (await filters.ok("GET", path)).body.data;

describe("an imported filter", () => {
  // As `mongoexport` writes it: the second of three versions is active.
  const BOOM = `${
    JSON.stringify({
      _id: "0b1c",
      name: "bright ones",
      survey: "ZTF",
      active: true,
      permissions: { ZTF: [1] },
      active_fid: "v2",
      fv: [0.25, 0.35, 0.45].map((least, i) => ({
        fid: `v${i + 1}`,
        created_at: { $date: `2024-01-0${i + 1}T00:00:00Z` },
        pipeline: JSON.stringify([
          { $match: { "candidate.drb": { $gt: least } } },
          {
            $project: {
              objectId: 1,
              candid: 1,
              points: { $size: "$prv_candidates" },
            },
          },
        ]),
      })),
    })
  }\n`;

  it("of BOOM has its versions, and runs the one that was active", async () => {
    const [{ filter_id, fids, whole }] = await imported("boom", BOOM, "--active");
    assertEquals(whole, true);
    const saved = await get(`/api/filters/${filter_id}`);
    assertEquals([saved.active, saved.group_id, saved.catalog, saved.permissions], [
      true,
      3,
      "ZTF_alerts",
      [1],
    ]);
    const versions = saved.fv.map(({ fid }: { fid: string }) => fid);
    assertEquals([versions, saved.active_fid], [[fids.v1, fids.v2, fids.v3], fids.v2]);
    const explained = await get(`/api/filters/${filter_id}/explain`);
    assertEquals([explained.version, explained.runs], [fids.v2, "in process"]);
    assertEquals(explained.leading[0].asks, "candidate.drb must be > 0.35");

    // Of six alerts with 0, 0.1 ... 0.5, the last one not public.
    const span = { start_date: JD - 1 / 24, end_date: JD + 0.9 };
    const passes = async (fid: string) => {
      const trial = { filter_version: fid, ...span };
      const { body } = await filters.ok("POST", `/api/filters/${filter_id}/test`, trial);
      return body.data.map(({ candid }: { candid: number }) => String(candid));
    };
    assertEquals(await passes(fids.v2), [String(Number(CANDID + 4n))]);
    assertEquals(await passes(fids.v3), []);
    const { why } = await get(`/api/filters/${filter_id}/why?candid=${CANDID + 3n}`);
    assertEquals(why.stopped_at, 1);
    // What BOOM computes stands behind the first conditions.
    const stages = why.stages.map(({ name }: { name: string }) => name);
    assertEquals(stages, ["$match", "$addFields", "$project"]);
  });

  it("of Lasair is there too, and waits to be switched on", async () => {
    const sql = "SELECT objects.objectId, objects.ncand FROM objects WHERE objects.ncand >= 3;";
    const [{ filter_id, name }] = await imported("lasair", sql);
    assertEquals(name, "file");
    const saved = await get(`/api/filters/${filter_id}`);
    assertEquals([saved.active, saved.fv.length, saved.active_fid], [false, 1, saved.fv[0].fid]);
    const listed = await get("/api/filters?group_id=3");
    assert(listed.some((each: { filter_id: number }) => each.filter_id === filter_id));
    await filters.ok("PATCH", "/api/filters", { filter_id, active: true });
    assertEquals((await get(`/api/filters/${filter_id}`)).active, true);
  });
});
