/** The tests that penquins' authors published with it, unmodified, with two edges before three cores. */
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { BSON, type Db, type Document } from "mongodb";
import { findPenquins, findPenquinsTests } from "../support/penquins.ts";
import { startFleet } from "./_instances.ts";

const { Double, Long } = BSON;
const HERE = new URL(".", import.meta.url).pathname;
const python = await findPenquins();
const tests = python && await findPenquinsTests(python);

/** Within the region of 90 % around (90, 30) deg, whose radius is 10 deg: as many as the tests want. */
const AROUND = Array.from({ length: 20 }, (_, i) => [88 + i / 5, 29 + i / 10] as const);

function alert(i: number, objectId: string, [raDeg, decDeg]: readonly [number, number]): Document {
  return {
    candid: Long.fromBigInt(1127561445515015011n + BigInt(i)),
    objectId,
    candidate: { programid: 1, jd: new Double(2460000.5 + i), drb: new Double(0.99995) },
    coordinates: { radec_geojson: { type: "Point", coordinates: [raDeg - 180, decDeg] } },
  };
}

async function fill(db: Db, catalog: string, alerts: Document[]): Promise<void> {
  await db.collection(catalog).insertMany(alerts);
  await db.collection(catalog).createIndex({ "coordinates.radec_geojson": "2dsphere" });
}

/**
 * One of their tests asks two catalogs side by side, takes the answers as they come, and wants the first
 * to be that of ZTF: so the other one takes its time, as there is no index on what is asked of so many.
 */
async function fillSlow(db: Db): Promise<void> {
  const many = [
    { $documents: [{ n: { $range: [0, 300_000] } }] },
    { $unwind: "$n" },
    { $project: { objectId: { $concat: ["PGIR20aaa", { $toString: "$n" }] } } },
    { $out: "PGIR_alerts" },
  ];
  await db.aggregate(many).toArray();
  await fill(db, "PGIR_alerts", [alert(0, "PGIR20aaaaaaa", [200, 5])]);
}

describe("penquins 2.4.2", () => {
  it("passes its own tests", { skip: tests === null }, async () => {
    const ztf = [
      alert(0, "ZTF18abacqpw", [68.578209, 49.0871395]),
      ...AROUND.map((place, i) => alert(i + 1, `ZTF23aaaaaa${"abcdefghijklmnopqrst"[i]}`, place)),
    ];
    // The accounts are with neither of them.
    await using fleet = await startFleet(
      [
        (db) => fill(db, "Gaia", [{ coordinates: alert(0, "", [0, 0]).coordinates }]),
        (db) => fill(db, "ZTF_alerts", ztf),
        fillSlow,
      ],
      2,
      { server: { test_profile: true, admin_username: "admin", admin_password: "admin" } },
    );
    const ports = fleet.edges.map(({ url }) => new URL(url).port);
    const { stdout, stderr } = await new Deno.Command(python!, {
      args: ["-m", "pytest", "-q", "-p", "no:cacheprovider", "-p", "_penquins_edges", tests!],
      env: { PYTHONPATH: HERE, PYTHONDONTWRITEBYTECODE: "1", KOWALSKI_TEST_EDGES: ports.join() },
    }).output();
    const said = new TextDecoder().decode(stdout) + new TextDecoder().decode(stderr);
    console.log(said.trim().split("\n").at(-1));
    assertEquals(/^(\d+) passed in/m.exec(said)?.[1], "16", said);
  });
});
