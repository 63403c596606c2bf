/** The command line as operators meet it: each test runs it as a program. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { putRejected } from "../../core/archive/rejected.ts";
import { kowalski, tempFolder } from "../../tests/support/command_line.ts";
import { testDatabase } from "../../tests/support/mongo.ts";

const SECRET = "0123456789abcdef0123456789abcdef";
/** Nobody listens there: the port is that of "discard". */
const NOBODY = "127.0.0.1:9";

describe("kowalski", () => {
  it("lists its commands", async () => {
    const { code, out } = await kowalski(["--help"]);
    assert.equal(code, 0);
    for (const name of ["alerts", "catalogs", "config", "doctor", "filters"]) {
      assert.match(out, new RegExp(`^  ${name} `, "m"));
    }
  });

  it("suggests the command that was meant", async () => {
    const { code, error } = await kowalski(["docter"]);
    assert.equal(code, 2);
    assert.match(error, /There is no command docter: did you mean doctor\?/);
  });

  it("prints the usage for what it can't take", async () => {
    for (
      const args of [["config"], ["config", "show", "--jsn"], ["alerts", "list", "--limit", "x"]]
    ) {
      const { code, error } = await kowalski(args);
      assert.equal(code, 2, args.join(" "));
      assert.match(error, /Usage: deno task kowalski/, args.join(" "));
    }
  });

  it("tells how each command is called", async () => {
    const { out } = await kowalski(["doctor", "--help"]);
    assert.match(out, /Usage: deno task kowalski doctor/);
  });
});

describe("kowalski config", () => {
  it("shows what the settings are in the end, and no secret, without colours", async () => {
    const env = { KOWALSKI_SERVER_PORT: "4444", KOWALSKI_CORE_EDGE_KEY: SECRET };
    const asJson = await kowalski(["config", "show", "--json"], env);
    const { server, core } = JSON.parse(asJson.out);
    assert.deepEqual([server.port, core.edge_key, server.JWT_SECRET_KEY], [4444, "***", null]);
    const asYaml = await kowalski(["config", "show"], env);
    assert.match(asYaml.out, /^ {2}edge_key: "\*\*\*"$/m);
    assert.ok(!`${asJson.out}${asYaml.out}`.includes(SECRET));
    assert.ok(!asYaml.out.includes("\x1b["));
  });

  it("tells every fault, to people and to scripts", async () => {
    const env = { KOWALSKI_SERVER_PORT: "no", KOWALSKI_SERVER_HOTS: "x" };
    const { code, out } = await kowalski(["config", "check"], env);
    assert.equal(code, 1);
    assert.match(out, /server\.port: .*\(from KOWALSKI_SERVER_PORT\)/);
    assert.match(out, /KOWALSKI_SERVER_HOTS: is no setting: did you mean KOWALSKI_SERVER_HOST\?/);
    const { faults } = JSON.parse((await kowalski(["config", "check", "--json"], env)).out);
    assert.equal(faults.length, 2);
    assert.equal((await kowalski(["config", "check"])).code, 0);
  });

  it("tells of a file that isn't there, without a stack", async () => {
    const { code, error } = await kowalski(["config", "check", "--config", "/nowhere.yaml"]);
    assert.equal(code, 1);
    assert.match(error, /^Cannot read the settings file \/nowhere\.yaml/);
    assert.ok(!error.includes("    at "), error);
  });
});

describe("kowalski doctor", () => {
  it("finds a replica set, its transactions and its clock well", async () => {
    await using database = await testDatabase();
    const env = { KOWALSKI_DATABASE_URI: database.uri, KOWALSKI_DATABASE_DB: database.name };
    const { code, out } = await kowalski(["doctor", "--json"], env);
    assert.equal(code, 0);
    const { findings } = JSON.parse(out) as {
      findings: { what: string; state: string; found: string; next?: string }[];
    };
    const of = (what: string) => findings.find((finding) => finding.what === what);
    assert.equal(of("mongodb")?.state, "well");
    assert.match(of("mongodb")!.found, /transactions work, clocks agree/);
    assert.equal(of("deno")?.state, "well");
    assert.equal(of("kafka")?.state, "unused");
    assert.equal(of("models")?.state, "warning");
    assert.match(of("models")!.next!, /kowalski models fetch/);
    assert.ok(of("disk"));
  });

  it("says what to do where services are away", async () => {
    const { code, out } = await kowalski(["doctor"], {
      KOWALSKI_DATABASE_URI: `mongodb://${NOBODY}`,
      KOWALSKI_SOURCES_KIND: "kafka",
      KOWALSKI_KAFKA_BOOTSTRAP_SERVERS: NOBODY,
    });
    assert.equal(code, 1);
    assert.match(out, /^wrong {4}mongodb .*\n *-> Start MongoDB 6/m);
    assert.match(out, /^wrong {4}kafka .*\n *-> Start Kafka/m);
  });

  it("tells the faults of settings, and looks no further", async () => {
    const { code, out } = await kowalski(["doctor"], { KOWALSKI_SERVER_PORT: "no" });
    assert.equal(code, 1);
    assert.match(out, /^wrong {4}settings/);
    assert.match(out, /server\.port/);
  });
});

describe("kowalski catalogs", () => {
  it("gives the rows of a catalog their cells, and tells what there is", async () => {
    await using database = await testDatabase();
    const db = database.client.db(database.name);
    const rows = Array.from({ length: 30 }, (_, i) => ({
      coordinates: { radec_geojson: { type: "Point", coordinates: [i, i] } },
    }));
    await db.collection("AllWISE").insertMany(rows);
    const env = { KOWALSKI_DATABASE_URI: database.uri, KOWALSKI_DATABASE_DB: database.name };
    const before = await kowalski(["catalogs", "list", "--json"], env);
    const allWise = (out: string) =>
      JSON.parse(out).find(({ catalog }: { catalog: string }) => catalog === "AllWISE");
    assert.deepEqual(allWise(before.out), { catalog: "AllWISE", rows: 30, cells: false });
    const after = await kowalski(["catalogs", "cells", "AllWISE", "--json"], env);
    assert.deepEqual(allWise(after.out), { catalog: "AllWISE", rows: 30, cells: true });
    assert.match(after.error, /AllWISE: 30 of 30 rows/);
    const wrong = await kowalski(["catalogs", "cells", "NoSuch"], env);
    assert.equal(wrong.code, 2);
    assert.match(wrong.error, /There is no catalog NoSuch/);
  });
});

describe("kowalski alerts", () => {
  it("lists packets that were set aside, and gives one back as it came", async () => {
    await using database = await testDatabase();
    const bytes = new Uint8Array([0, 1, 254, 255]);
    const packet = {
      bytes,
      topic: "ztf_20240101_programid1",
      partition: 3,
      offset: 9007199254740993n, // No double can hold it.
      timestampMs: Date.UTC(2024, 0, 1),
    };
    await putRejected(database.client.db(database.name), "ztf", [{ packet, reason: "cut short" }]);
    const env = { KOWALSKI_DATABASE_URI: database.uri, KOWALSKI_DATABASE_DB: database.name };
    const id = "ztf_20240101_programid1:3:9007199254740993";

    const { out } = await kowalski(["alerts", "list"], env);
    assert.equal(
      out,
      `${id}  ztf  2024-01-01T00:00:00.000Z  cut short\n1 of 1 packets that were set aside\n`,
    );
    const listed = JSON.parse((await kowalski(["alerts", "list", "--json"], env)).out);
    assert.deepEqual([listed.count, listed.rejected[0].offset], [1, "9007199254740993"]);
    const other = await kowalski(["alerts", "list", "--survey", "wntr", "--json"], env);
    assert.equal(JSON.parse(other.out).count, 0);

    await using folder = await tempFolder();
    const file = `${folder.path}/packet.avro`;
    const shown = await kowalski(["alerts", "show", id, "--json", "--bytes", file], env);
    assert.equal(JSON.parse(shown.out).reason, "cut short");
    assert.deepEqual(await Deno.readFile(file), bytes);

    const missing = await kowalski(["alerts", "show", "no:0:0"], env);
    assert.equal(missing.code, 1);
    assert.match(missing.error, /There is no packet no:0:0/);
  });
});

/** Runs a command in an empty folder: no settings but the defaults and these. */
