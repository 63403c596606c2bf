/** Each kind of path by the Python client that people have, unmodified, with two edges before three cores. */
import { gzipSync } from "node:zlib";
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { BSON, type Db, type Document } from "mongodb";
import { fitsOf } from "../../core/pipeline/packets_for_tests.ts";
import { ADMIN } from "../support/api.ts";
import { CANDID } from "../support/filter_api.ts";
import { findPenquins } from "../support/penquins.ts";
import { fillCatalogs, ROWS } from "./_catalogs.ts";
import { startFleet } from "./_instances.ts";

const { Binary, Double, Long } = BSON;
const SCRIPT = new URL("./penquins_api_client.py", import.meta.url).pathname;
const SIDE = 63;
const python = await findPenquins();

/** One, with a picture, in the middle of the map that the script makes. */
async function fillAlerts(db: Db): Promise<void> {
  const pixels = Array.from({ length: SIDE * SIDE }, (_, i) => i % 1013);
  const stampData = new Binary(gzipSync(fitsOf({ width: SIDE, height: SIDE, pixels })));
  const alert: Document = {
    candid: Long.fromBigInt(CANDID),
    objectId: "ZTF18abcab",
    candidate: { programid: 1, jd: new Double(2460229.25), drb: new Double(0.9) },
    cutoutScience: { fileName: "a.fits.gz", stampData },
    coordinates: { radec_geojson: { type: "Point", coordinates: [90 - 180, 30] } },
  };
  await db.collection("ZTF_alerts").insertOne(alert);
  await db.collection("ZTF_alerts").createIndex({ "coordinates.radec_geojson": "2dsphere" });
}

describe("penquins 2.4.2, unmodified, with two edges before three cores", () => {
  it("calls all that there is to call", { skip: python === null }, async () => {
    await using fleet = await startFleet([
      (db) => fillCatalogs(db, ["alpha"]),
      fillAlerts,
      (db) => fillCatalogs(db, ["gamma"]),
    ], 2);
    const ports = fleet.edges.map(({ url }) => new URL(url).port);
    const { success, stdout, stderr } = await new Deno.Command(python!, {
      args: [SCRIPT, ...ports, ADMIN.username, ADMIN.password, `${CANDID}`],
    }).output();
    const text = (bytes: Uint8Array) => new TextDecoder().decode(bytes);
    assertEquals(success, true, text(stderr));
    assertEquals(JSON.parse(text(stdout).trim().split("\n").at(-1)!), {
      add_user: ["success", "added user astronomer"],
      their_ping: true,
      edit_user: ["success", "edited user astronomer"],
      remove_user: ["success", "removed user astronomer"],
      gone_user: true,
      add_filter: "success",
      get_filter: ["success", "Retrieved filter id 7"],
      same_version: true,
      try_filter: true,
      change_filter: true,
      remove_filter: ["success", "Removed filter id 7"],
      no_filter: ["error", "Filter id 7 not found"],
      label: ["success", "added classifications for ztf alerts"],
      unlabel: ["success", "deleted classifications for ztf alerts"],
      labels: [true, { Ia: 0.9 }],
      picture: ["success", true],
      no_picture: "error",
      no_map: "unknown",
      add_map: "success",
      map_again: "already_exists",
      head_map: { status: "success", message: "" },
      get_map: ["success", ["contour50", "contour90"]],
      within_map: [true],
      remove_map: "success",
      trigger: ["success", "submitted"],
      untrigger: ["success", "deleted"],
      no_path: ["error", "Not Found"],
      last: ROWS,
      renamed: true,
      nonsense: [false, [], "ValueError: One or more cat"],
      missing_login: true,
    });
  });
});
