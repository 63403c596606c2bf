/** The original's holes around drops and skymaps (2, 16, 17, 18, 28, 29 of the list), each tried on ours. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import type { Db, Document } from "mongodb";
import { damagedFile } from "../fakes/damaged_file.ts";
import { fitsMap, gzipped } from "../fakes/fits_maps.ts";
import { voevent } from "../fakes/voevents.ts";
import { type Accounts, startAccounts } from "../support/accounts.ts";

const dateobs = "2023-06-23T15:42:26";
const CONE = { ra: 90, dec: 30, error: 10 };
const MAP = fitsMap([
  { name: "UNIQ", format: "K", values: [16, 17, 5] },
  { name: "PROBDENSITY", format: "D", values: [3, 2, 1] },
]);

let accounts: Accounts;
let db: Db;

before(async () => {
  accounts = await startAccounts();
  const { client, name } = accounts.api.database;
  db = client.db(name);
});
after(() => accounts[Symbol.asyncDispose]());

const put = async (body: unknown) =>
  await accounts.call("PUT", "/api/skymap", { token: accounts.admin, body });
const maps = (): Promise<Document[]> => db.collection("skymaps").find().toArray();

describe("2. any user could drop any collection", () => {
  const drop = async (query: unknown, token = accounts.admin, kwargs?: unknown) => {
    const body = { query_type: "drop", query, ...kwargs !== undefined && { kwargs } };
    return await accounts.call("POST", "/api/queries", { token, body });
  };
  const isThere = async (name: string) =>
    (await db.listCollections({ name }).toArray()).length === 1;

  before(async () => {
    for (const name of ["Gaia", "ZTF_alerts", "ZTF_alerts_aux", "ZTF_alerts_classifications"]) {
      await db.collection(name).insertOne({ mag: 1 });
    }
    await db.collection("OLD_alerts_aux").insertOne({ mag: 1 });
    await put({ dateobs, skymap: CONE, contours: 90 });
  });

  it("now a user can't, whatever they confirm", async () => {
    const { token } = await accounts.someone();
    for (const query of [{ catalog: "Gaia" }, { catalog: "Gaia", confirm: "Gaia" }]) {
      const { status, body } = await drop(query, token);
      assertEquals([status, body.status], [403, "error"]);
    }
    const { token: scoped } = await accounts.personal(accounts.admin, ["read"]);
    assertEquals((await drop({ catalog: "Gaia", confirm: "Gaia" }, scoped)).status, 403);
    assert(await isThere("Gaia"));
  });

  it("now the admin can't without saying its name twice", async () => {
    for (const confirm of [undefined, null, true, "gaia", "Gaia ", { $ne: "" }]) {
      assertEquals((await drop({ catalog: "Gaia", confirm })).status, 403);
    }
    assert(await isThere("Gaia"));
  });

  it("now nobody can drop alerts, objects, labels, skymaps, accounts, or what the server has", async () => {
    for (
      const catalog of [
        "ZTF_alerts",
        " ZTF_alerts ",
        "ZTF_alerts_aux",
        "ZTF_alerts_classifications",
        "OLD_alerts_aux",
        "skymaps",
        "users",
        "filters",
        "queries",
        "system.profile",
        "",
      ]
    ) {
      const { status } = await drop({ catalog, confirm: catalog.trim() });
      assertEquals([catalog, status], [catalog, 403]);
    }
    for (const name of ["ZTF_alerts", "ZTF_alerts_aux", "OLD_alerts_aux", "skymaps", "users"]) {
      assert(await isThere(name), name);
    }
  });

  it("still the admin can drop a catalog", async () => {
    const { status, body } = await drop({ catalog: "Gaia", confirm: "Gaia" });
    assertEquals([status, body], [200, {
      status: "success",
      message: "Successfully dropped collection",
    }]);
    assert(!await isThere("Gaia"));
    await db.collection("Gaia").insertOne({ mag: 1 });
    assertEquals((await drop({ catalog: "Gaia" }, undefined, { confirm: "Gaia" })).status, 200);
    assert(!await isThere("Gaia"));
    const records = await db.collection("audit").find({ action: "catalog.drop" }).toArray();
    const told = records.map(({ who, target, outcome }) => [who, target, outcome]);
    assertEquals(told, [["admin", "Gaia", "done"], ["admin", "Gaia", "done"]]);
  });
});

describe("16. levels of contours became names of fields", () => {
  it("now they are numbers, and have no dots there", async () => {
    await db.collection("skymaps").deleteMany({});
    for (const contours of ["$where", "__proto__", "90.contour", { $gt: 0 }, "1e400", "NaN"]) {
      assertEquals((await put({ dateobs, skymap: CONE, contours })).status, 400);
    }
    assertEquals(await maps(), []);
    await put({ dateobs, skymap: CONE, contours: "90.50" });
    const [stored] = await maps();
    assertEquals(Object.keys(stored!.contours), ["center", "contour90_5"]);
  });
});

describe("17. the server fetched whatever it was told to", () => {
  it("now nothing but https from hosts of its settings, and tells nothing else", async () => {
    const asked: string[] = [];
    const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen() {} }, (request) => {
      asked.push(request.url);
      return new Response(MAP);
    });
    const open = `127.0.0.1:${server.addr.port}`;
    const told = new Set<string>();
    for (
      const url of [
        `http://${open}/map.fits`,
        `https://${open}/map.fits`,
        `http://maps.example@${open}/map.fits`,
        "http://maps.example/map.fits",
        "https://169.254.169.254/latest/meta-data",
        "http://localhost:27017/map",
        "file:///etc/hostname",
        "/etc/hostname",
      ]
    ) {
      const { status, body } = await put({ dateobs, skymap: { url } });
      assertEquals([url, status], [url, 400]);
      told.add(body.message);
    }
    // A path is no address at all; all else is told the same.
    assertEquals(told.size, 2, [...told].join("\n"));
    const notice = voevent({
      params: { Packet_Type: "131", HealPix_URL: `http://${open}/map.fits` },
    });
    const { status, body } = await put({ voevent: notice });
    assertEquals([status, body.message], [
      400,
      "ValueError: Could not get skymap from VOEvent file",
    ]);
    assertEquals((await put({ voevent: `http://${open}/voevent.xml` })).status, 400);
    assertEquals((await put({ voevent: "/etc/hostname" })).status, 400);
    await server.shutdown();
    assertEquals(asked, []);
  });
});

describe("18. strangers' files were parsed without limits", () => {
  it("now bodies end at 32 MiB, and elsewhere, or of strangers, at 1 MiB", async () => {
    const content = "A".repeat(3 * 1024 * 1024);
    const large = await put({ dateobs, skymap: { localization_name: "x", content } });
    assertEquals(large.status, 400); // It was read, and is no map.
    assert(large.body.message.includes("Cannot read the FITS map"), large.body.message);
    for (
      const [method, path, megabytes] of [
        ["PUT", "/api/skymap", 33],
        ["DELETE", "/api/skymap", 2],
        ["POST", "/api/queries", 2],
      ] as const
    ) {
      const body = `{"x": "${"A".repeat(megabytes * 1024 * 1024)}"}`;
      const answer = await accounts.call(method, path, { token: accounts.admin, body });
      assertEquals([answer.status, answer.body.status], [413, "error"]);
    }
    const body = { dateobs, skymap: { localization_name: "x", content } };
    assertEquals((await accounts.call("PUT", "/api/skymap", { body })).status, 413);
  });

  it("now what unpacks to more than it may, or is larger in memory, is refused", async () => {
    const bomb = await gzipped(new Uint8Array(64 * 1024 * 1024));
    const content = bomb.toBase64();
    assertEquals((await put({ dateobs, skymap: { localization_name: "x", content } })).status, 400);
    const lists = `{"dateobs": "${dateobs}", "skymap": {"uniq": [${"[],".repeat(1e6)}4]}}`;
    assertEquals((await put(lists)).status, 400);
  });

  it("now others are served while a map is read", async () => {
    const corners = Array.from({ length: 12 * 4 ** 6 }, (_, i) => 4 ** 7 + i);
    const probdensity = corners.map((_, i) => 1 + Math.sin(i * 7.7));
    const skymap = { localization_name: "noise", uniq: corners, probdensity };
    let isRead = false;
    const reading = put({ dateobs, skymap, contours: [10, 30, 50, 70, 90] })
      .then((answer) => {
        isRead = true;
        return answer;
      });
    assertEquals(await accounts.ping(accounts.admin), [200, "greetings from Kowalski!"]);
    assert(!isRead);
    assertEquals((await reading).status, 200);
  });

  it("now a damaged file is 400, or still a map, and never a fault", async () => {
    const notice = new TextEncoder().encode(voevent({
      params: { Packet_Type: "115", TrigID: "7", LocationMap_URL: "http://a/b_locplot_c.png" },
      position: ["90", "30", "10"],
    }));
    const bodies = fc.oneof(
      damagedFile([MAP]).map((file) => ({
        dateobs,
        skymap: { localization_name: crypto.randomUUID(), content: file.toBase64() },
      })),
      damagedFile([notice]).map((file) => ({ voevent: new TextDecoder().decode(file) })),
    );
    await fc.assert(
      fc.asyncProperty(bodies, async (body) => {
        const { status, text } = await put({ ...body, contours: 90 });
        assert([200, 400, 409].includes(status), `${status} ${text}`);
      }),
      { numRuns: 40 },
    );
    assertEquals(accounts.api.errors, []);
  });
});

describe("28. triggers had two names, and numbers that were text", () => {
  it("now a map is found by either name, as text and as a number", async () => {
    await db.collection("skymaps").deleteMany({});
    for (const [name, id] of [["triggerid", 5], ["trigger_id", "6"]] as const) {
      await put({ dateobs: `2023-06-23T00:00:0${id}`, skymap: CONE, contours: 90, [name]: id });
      for (const [key, value] of [["triggerid", id], ["trigger_id", `${id}`]] as const) {
        const search = `?${key}=${value}`;
        const path = `/api/skymap${search}`;
        const { status, body } = await accounts.call("GET", path, { token: accounts.admin });
        assertEquals([status, body.data.triggerid], [200, id]);
      }
      const localization_name = "90.00000_30.00000_10.00000";
      for (
        const asked of [{ trigger_id: Number(id) }, { trigger_id: `${id}` }, { triggerid: id }]
      ) {
        const query = {
          skymap: { localization_name, ...asked },
          catalog: "ZTF_alerts",
          filter: {},
        };
        const body = { query_type: "skymap", query };
        const answer = await accounts.call("POST", "/api/queries", { token: accounts.admin, body });
        assertEquals(answer.status, 200, answer.text);
      }
    }
    const ids = (await maps()).map(({ triggerid }) => triggerid);
    assertEquals(ids, [5, "6"]);
  });
});

describe("29. skymaps were there twice when they were put at once", () => {
  it("now they are one, with the levels of all", async () => {
    await db.collection("skymaps").deleteMany({});
    const answers = await Promise.all(
      [90, 90, 95, 50, 90, 95].map((contours) => put({ dateobs, skymap: CONE, contours })),
    );
    for (const { status } of answers) assert([200, 409].includes(status), `${status}`);
    assertEquals(answers.filter(({ status }) => status === 200).length >= 1, true);
    const stored = await maps();
    assertEquals(stored.length, 1);
    assertEquals(
      Object.keys(stored[0]!.contours).sort(),
      ["center", "contour50", "contour90", "contour95"],
    );
    const indexes = await db.collection("skymaps").indexes();
    const unique = indexes.find(({ name }) => name === "dateobs_localization_name")!;
    assertEquals([unique.unique, unique.key], [true, { dateobs: -1, localization_name: 1 }]);
  });

  it("met no fault of ours in all this", () => assertEquals(accounts.api.errors, []));
});
