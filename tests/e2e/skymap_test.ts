/** Skymaps through the whole chain: what the original's own tests expect, and each rule of the spec. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertAlmostEquals, assertEquals } from "@std/assert";
import type { Db, Document } from "mongodb";
import { type Accounts, startAccounts } from "../support/accounts.ts";
import { type Answer, type Call } from "../support/client.ts";
import { voevent } from "../fakes/voevents.ts";
import { skymapAlerts } from "../support/skymap_alerts.ts";

const PATH = "/api/skymap";
const dateobs = "2023-06-23T15:42:26";
const localization_name = "90.00000_30.00000_10.00000";
const CONE = { ra: 90.0, dec: 30.0, error: 10.0 };
let accounts: Accounts;
let db: Db;

before(async () => {
  accounts = await startAccounts();
  const { client, name } = accounts.api.database;
  db = client.db(name);
  await db.collection("ZTF_alerts").insertMany(skymapAlerts());
});
after(() => accounts[Symbol.asyncDispose]());

const skymap = (method: string, { search = "", ...call }: Call & { search?: string } = {}) =>
  accounts.call(method, PATH + search, { token: accounts.admin, ...call });
const put = (body: unknown, token = accounts.admin) => skymap("PUT", { body, token });
const told = ({ status, body }: Answer) => [status, body.status, body.message, body.data];

function query(asked: Document, more: Document = {}, token = accounts.admin): Promise<Answer> {
  const { catalog = "ZTF_alerts", filter = {}, projection = { _id: 0, candid: 1 }, kwargs } = more;
  const query = { skymap: { localization_name, ...asked }, catalog, filter, projection };
  const body = { query_type: "skymap", query, ...kwargs && { kwargs } };
  return accounts.call("POST", "/api/queries", { token, body });
}

describe("the original's test_skymap", () => {
  const data = (contours: number[]) => ({ dateobs, localization_name, contours });

  it("puts a cone, adds a level, and finds the second time that both are there", async () => {
    assertEquals(told(await put({ dateobs, skymap: CONE, contours: [90] })), [
      200,
      "success",
      "added skymap for 2023-06-23 15:42:26 with contours [90]",
      data([90]),
    ]);
    assertEquals(told(await put({ dateobs, skymap: CONE, contours: [95] })), [
      200,
      "success",
      "updated skymap for 2023-06-23 15:42:26 to add contours [95]",
      data([90, 95]),
    ]);
    assertEquals(told(await put({ dateobs, skymap: CONE, contours: [95] })), [
      409,
      "already_exists",
      "skymap already exists with the same contours",
      data([90, 95]),
    ]);
  });

  it("gets it back", async () => {
    const search = `?dateobs=${dateobs}&localization_name=${localization_name}&contours=90`;
    const { status, body } = await skymap("GET", { search });
    assertEquals([status, body.status, body.message], [200, "success", undefined]);
    assertEquals(body.data.dateobs, dateobs);
  });

  it("finds 20 documents in it", async () => {
    const { status, body } = await query({ dateobs: `${dateobs}.000`, contour: 90 }, {
      filter: { "candidate.programid": 1 },
    });
    assertEquals([status, body.status, body.data.length], [200, "success", 20]);
  });

  it("finds no level 20, in penquins' words", async () => {
    const { status, body } = await query({ dateobs, contour: 20 });
    assertEquals([status, body.status], [400, "error"]);
    assertEquals(body.message, "ValueError: Contour level 20 not found in skymap");
  });

  it("removes it", async () => {
    const body = { dateobs, localization_name };
    assertEquals(told(await skymap("DELETE", { body })), [
      200,
      "success",
      "deleted 1 skymap",
      undefined,
    ]);
    assertEquals((await skymap("DELETE", { body })).status, 404);
  });
});

describe("a stored skymap", () => {
  it("has the document that consumers know, and more beside it", async () => {
    await put({ dateobs, skymap: CONE, contours: [90, 90.5], aliases: ["LVC#S1"], triggerid: 5 });
    const stored = (await db.collection("skymaps").findOne({ localization_name }))!;
    assertEquals(stored.dateobs, new Date(`${dateobs}Z`));
    assertEquals([stored.aliases, stored.triggerid, stored.owner], [["LVC#S1"], 5, "admin"]);
    assertEquals(Object.keys(stored.contours), ["center", "contour90", "contour90_5"]);
    const { center, contour90, contour90_5 } = stored.contours;
    assertEquals([center.type, center.properties], ["Point", { credible_level: 0 }]);
    // Both by the map's highest point, in the archive's longitudes and in the sky's.
    assertEquals(center.coordinates[0] + 180, stored.center_radec[0]);
    assertAlmostEquals(stored.center_radec[0], 89.648, 1e-3);
    assertEquals(contour90.type, "MultiPolygon");
    assertEquals(contour90.properties.credible_level, 90);
    assertEquals(contour90_5.properties.credible_level, 90.5);
    const ring: [number, number][] = contour90.coordinates[0][0];
    assert(ring.every(([lon, lat]) => lon > -115 && lon < -65 && lat > 8 && lat < 52));
    assertEquals(Object.keys(stored.mocs), ["contour90", "contour90_5"]);
    assertEquals(stored.mocs.contour90.order, 11);
    await db.collection("skymaps").deleteMany({});
  });

  it("is told without its id, and with its ranges only when they are asked for", async () => {
    await put({ dateobs, skymap: CONE, contours: 90 });
    const { data } = (await skymap("GET", { search: `?dateobs=${dateobs}` })).body;
    assertEquals(
      Object.keys(data).sort(),
      ["aliases", "center_radec", "contours", "dateobs", "localization_name", "owner"],
    );
    const search = `?dateobs=${dateobs}&with_mocs=true`;
    const { mocs } = (await skymap("GET", { search })).body.data;
    assertEquals(Object.keys(mocs), ["contour90"]);
    await db.collection("skymaps").deleteMany({});
  });

  it("tells fractions of seconds where there are some", async () => {
    const answer = await put({ dateobs: `${dateobs}.1239Z`, skymap: CONE, contours: [90.0] });
    assertEquals(
      answer.body.message,
      "added skymap for 2023-06-23 15:42:26.123000 with contours [90]",
    );
    assertEquals(answer.body.data.dateobs, "2023-06-23T15:42:26.123000");
    const search = `?dateobs=${dateobs}.123Z&contours=90`;
    assertEquals((await skymap("GET", { search })).status, 200);
    await db.collection("skymaps").deleteMany({});
  });

  it("is made of a notice, with its trigger as a number", async () => {
    const xml = voevent({
      params: { TrigID: "662737001", GraceID: "S1" },
      position: ["90", "30", "10"],
    });
    const answer = await put({ voevent: xml, contours: "90" });
    assertEquals(answer.body.message, "added skymap for 2023-06-23 15:42:26 with contours [90]");
    const stored = (await db.collection("skymaps").findOne({ triggerid: 662737001 }))!;
    assertEquals(stored.aliases, ["LVC#S1"]);
    await db.collection("skymaps").deleteMany({});
  });
});

describe("the same skymap", () => {
  const again = (more: Document) => put({ dateobs, skymap: CONE, contours: [90], ...more });

  it("is one of the same name, and of the same time, trigger or aliases", async () => {
    await again({ triggerid: "7", aliases: ["a", "b"] });
    const other = "2023-06-24T00:00:00";
    assertEquals((await again({})).status, 409);
    assertEquals((await again({ dateobs: other, trigger_id: 7 })).status, 409);
    assertEquals((await again({ dateobs: other, aliases: ["b", "a"] })).status, 409);
    assertEquals((await again({ dateobs: other, aliases: ["a"] })).status, 200);
    assertEquals((await again({ skymap: { ...CONE, error: 5 } })).status, 200);
    await db.collection("skymaps").deleteMany({});
  });
});

describe("GET, HEAD and DELETE of a skymap", () => {
  before(async () => {
    await put({ dateobs, skymap: CONE, contours: [90, 95], aliases: ["LVC#S1"], triggerid: 5 });
  });
  after(() => db.collection("skymaps").deleteMany({}));

  for (
    const search of [
      `?dateobs=${dateobs}`,
      `?dateobs=${dateobs}.000Z`,
      "?triggerid=5",
      "?trigger_id=5",
      "?alias=LVC%23S1",
      `?localization_name=${localization_name}`,
      `?dateobs=${dateobs}&alias=LVC%23S1&triggerid=5&contours=90,95`,
      "?triggerid=5&contours=90&contours=95",
    ]
  ) {
    it(`finds it by ${search}, and HEAD too`, async () => {
      const { status, body } = await skymap("GET", { search });
      const found = [status, body.status, Object.keys(body.data.contours)];
      assertEquals(found, [200, "success", ["center", "contour90", "contour95"]]);
      assertEquals((await skymap("HEAD", { search })).status, 200);
    });
  }

  for (
    const search of [
      "?dateobs=2020-01-01T00:00:00",
      "?triggerid=6",
      `?dateobs=${dateobs}&triggerid=6`,
      "?alias=x",
    ]
  ) {
    it(`finds nothing by ${search}: 404`, async () => {
      const expected = [404, "error", "no skymap found", undefined];
      assertEquals(told(await skymap("GET", { search })), expected);
      const head = await skymap("HEAD", { search });
      assertEquals([head.status, head.text], [404, ""]);
    });
  }

  for (
    const [search, message] of [
      ["", "must provide dateobs, triggerid, or alias"],
      ["?contours=90", "must provide dateobs, triggerid, or alias"],
      ["?dateobs=yesterday", "dateobs must be in the format"],
      [`?dateobs=${dateobs}&contours=x`, "contours must be > 0 and < 100"],
    ] as const
  ) {
    it(`refuses ${JSON.stringify(search)}: 400`, async () => {
      const { status, body } = await skymap("GET", { search });
      assertEquals([status, body.status], [400, "error"]);
      assert(body.message.includes(message), body.message);
      assertEquals((await skymap("HEAD", { search })).status, 400);
    });
  }

  it("says which levels are missing, with 200: the original's test removes what it sees so", async () => {
    const { status, body } = await skymap("GET", { search: "?triggerid=5&contours=90,20" });
    assertEquals([status, body], [200, {
      status: "error",
      message: "skymap exists but is missing contours [20]",
    }]);
  });

  it("HEAD takes its keys from a body, as penquins sends them", async () => {
    const head = async (keys: unknown) => {
      const body = JSON.stringify(keys);
      const { hostname, port } = new URL(accounts.api.edge.url);
      using connection = await Deno.connect({ hostname, port: Number(port) });
      await connection.write(new TextEncoder().encode(
        `HEAD ${PATH} HTTP/1.1\r\nHost: a\r\nAuthorization: ${accounts.admin}\r\n` +
          `Content-Length: ${body.length}\r\nConnection: close\r\n\r\n${body}`,
      ));
      return (await new Response(connection.readable).text()).split("\r\n")[0];
    };
    assertEquals(await head({ dateobs, localization_name }), "HTTP/1.1 200 OK");
    assertEquals(await head({ triggerid: 5 }), "HTTP/1.1 200 OK");
    assertEquals(await head({ triggerid: 6 }), "HTTP/1.1 404 Not Found");
    assertEquals(await head({}), "HTTP/1.1 400 Bad Request");
  });

  it("HEAD stays 405 elsewhere", async () => {
    for (const path of ["/", "/healthz", "/api/queries", "/api/whoami"]) {
      const { status, headers } = await accounts.call("HEAD", path, { token: accounts.admin });
      assertEquals([path, status], [path, 405]);
      assert(headers.has("allow"));
    }
  });

  it("DELETE needs a name, and a time, trigger or alias", async () => {
    for (
      const [body, message] of [
        [{ dateobs }, "localization_name"],
        [{ localization_name }, "must provide dateobs, triggerid, or alias"],
        [undefined, "ValidationError"],
      ] as const
    ) {
      const answer = await skymap("DELETE", { body });
      assertEquals(answer.status, 400);
      assert(answer.body.message.includes(message), answer.body.message);
    }
    const nobody = { localization_name, alias: "x" };
    assertEquals((await skymap("DELETE", { body: nobody })).status, 404);
  });

  it("DELETE is for who sent the map, and for the admin", async () => {
    const [owner, other] = [await accounts.someone(), await accounts.someone()];
    const mine = { dateobs: "2024-01-01T00:00:00", skymap: CONE, contours: [90] };
    assertEquals((await put(mine, owner.token)).status, 200);
    const body = { dateobs: mine.dateobs, localization_name };
    assertEquals((await skymap("DELETE", { body, token: other.token })).status, 403);
    assertEquals((await skymap("DELETE", { body, token: owner.token })).status, 200);
    assertEquals((await put(mine, owner.token)).status, 200);
    assertEquals((await skymap("DELETE", { body })).status, 200);
  });

  it("is for users, and to read or to write for those who may", async () => {
    const someone = await accounts.someone();
    const { token: reading } = await accounts.personal(someone.token, ["read"]);
    const { token: writing } = await accounts.personal(someone.token, ["skymaps"]);
    const search = "?triggerid=5";
    const body = { dateobs, localization_name };
    const status = async (method: string, token: string | undefined) =>
      (await accounts.call(method, PATH + search, {
        token,
        ...method !== "GET" && method !== "HEAD" && { body },
      })).status;
    assertEquals(await status("GET", reading), 200);
    assertEquals(await status("HEAD", reading), 200);
    assertEquals(await status("PUT", reading), 403);
    assertEquals(await status("DELETE", reading), 403);
    assertEquals(await status("GET", writing), 403);
    assertEquals(await status("HEAD", writing), 403);
    assertEquals(await status("PUT", writing), 400);
    for (const method of ["GET", "HEAD", "PUT", "DELETE"]) {
      assertEquals(await status(method, undefined), 401);
    }
  });
});

describe("a query of a skymap", () => {
  before(async () => {
    await put({ dateobs, skymap: CONE, contours: [90, 95.5], aliases: ["LVC#S1"], triggerid: 5 });
  });
  after(() => db.collection("skymaps").deleteMany({}));

  const count = async (asked: Document, more?: Document, token?: string) =>
    (await query(asked, more, token)).body.data?.length;

  for (
    const asked of [
      { dateobs },
      { dateobs: `${dateobs}.000Z` },
      { trigger_id: 5 },
      { trigger_id: "5" },
      { triggerid: 5 },
      { aliases: ["x", "LVC#S1"] },
      { dateobs: "2020-01-01T00:00:00", trigger_id: 5 },
      { dateobs, contour: 90 },
      { dateobs, contour: "90" },
      { dateobs, contour: "90.0" },
    ]
  ) {
    it(`finds the map by ${JSON.stringify(asked)}`, async () => {
      assertEquals(await count(asked), 21);
    });
  }

  it("has levels with a fraction", async () => {
    assertEquals(await count({ dateobs, contour: 95.5 }), 22);
  });

  it("has the options of find, which aren't the map's", async () => {
    const kwargs = { skip: 1, limit: 3, sort: [["candid", -1]], hint: "_id_" };
    const { body } = await query({ dateobs }, { kwargs, projection: null });
    assertEquals(body.data.map(({ candid }: Document) => candid), [19, 18, 17]);
  });

  it("has the filter besides, also one of places", async () => {
    const filter = {
      "coordinates.radec_geojson": { $geoWithin: { $centerSphere: [[-95, 25], 0.03] } },
    };
    assertEquals(await count({ dateobs }, { filter }), 3);
  });

  it("shows nobody what they may not see", async () => {
    const { token } = await accounts.someone();
    assertEquals(await count({ dateobs }, {}, token), 20);
    const { status, body } = await query({ dateobs }, { catalog: "users" }, token);
    assertEquals([status, body.message], [400, "ValidationError: Protected collection"]);
  });

  it("finds maps of the original, whose levels are named as they were sent", async () => {
    const [map] = await db.collection("skymaps").find().toArray();
    await db.collection("skymaps").insertOne({
      dateobs: new Date("2022-01-01T00:00:00Z"),
      localization_name: "old",
      aliases: [],
      contours: { center: map!.contours.center, "contour90.0": map!.contours.contour90 },
    });
    const asked = { localization_name: "old", dateobs: "2022-01-01T00:00:00", contour: 90 };
    assertEquals(await count(asked), 21);
  });

  for (
    const [asked, message] of [
      [{ localization_name: undefined, dateobs }, "name must be specified"],
      [{}, "At least one of dateobs, trigger_id, skymap_name, aliases must be specified"],
      [{ aliases: [] }, "At least one of dateobs"],
      [{ dateobs: "2020-01-01T00:00:00" }, "ValueError: Skymap not found"],
      [{ dateobs, contour: 20 }, "ValueError: Contour level 20 not found in skymap"],
      [{ dateobs, contour: 95 }, "ValueError: Contour level 95 not found in skymap"],
      [{ dateobs, contour: "x" }, "contours must be > 0 and < 100"],
      [{ dateobs: "x" }, "dateobs must be in the format"],
      [{ trigger_id: { $gt: 0 } }, "trigger_id must be a number or a text"],
    ] as [Document, string][]
  ) {
    it(`refuses ${JSON.stringify(asked)}`, async () => {
      const { status, body } = await query(asked);
      assertEquals([status, body.status], [400, "error"]);
      assert(body.message.includes(message), body.message);
    });
  }

  it("met no fault of ours in all this", () => assertEquals(accounts.api.errors, []));
});
