/** Settings: which word is the last, and that everything wrong is told at once, and no secret. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import fc from "fast-check";
import { databaseUri } from "./database_uri.ts";
import { generateLocalSecrets } from "./local_secrets.ts";
import { readSettings } from "./read_settings.ts";
import {
  blanked,
  demandSecrets,
  loadSettings,
  SettingsError,
  type SettingsSources,
} from "./settings.ts";
import { Settings } from "./settings_schema.ts";
import { envName, places } from "./settings_tree.ts";

const defaultsText = await Deno.readTextFile(
  new URL("../../deploy/settings.defaults.yaml", import.meta.url),
);
const LONG = "0123456789abcdef0123456789abcdef";

describe("the defaults", () => {
  it("are valid, and hold no secret", () => {
    const settings = load({});
    assert.deepEqual(
      [settings.server.admin_password, settings.server.JWT_SECRET_KEY, settings.core.edge_key],
      [null, null, null],
    );
    assert.ok(!JSON.stringify(blanked(settings)).includes("***"));
  });

  it("say each key of the schema, each with a comment", () => {
    const lines = defaultsText.split("\n");
    for (const { path } of places(Settings, load({}))) {
      if (path[0] === "ml" || path.includes("xmatch") || path[0] === "rate_limit") continue;
      if (path.includes("sasl") && path.length > 2) continue;
      const key = path.at(-1)!;
      const said = lines.filter((line) => line.trim().startsWith(`${key}:`));
      assert.ok(said.length > 0, `${path.join(".")} is missing`);
      const isExplained = said.some((line) => line.includes(" # ") || line.trim() === `${key}:`);
      assert.ok(isExplained, `${path.join(".")} has no comment`);
    }
  });

  it("match ZTF to fourteen catalogs, in the original's order, and score with seven networks", () => {
    const { database, ml } = load({});
    const catalogs = database.xmatch.ZTF!;
    assert.deepEqual(catalogs.map(({ catalog }) => catalog), [
      "2MASS_PSC",
      "AllWISE",
      "Gaia_DR2",
      "Gaia_EDR3",
      "Gaia_DR2_WD",
      "PS1_STRM",
      "galaxy_redshifts_20200522",
      "GALEX",
      "IGAPS_DR2",
      "LAMOST_DR5_v3",
      "PS1_DR1",
      "CLU_20190625",
      "NED_BetaV3",
      "milliquas",
    ]);
    assert.ok(catalogs.every(({ projection }) => projection["coordinates.radec_str"] === 1));
    assert.deepEqual(catalogs[0]!.projection, {
      _id: 1,
      "coordinates.radec_str": 1,
      j_m: 1,
      h_m: 1,
      k_m: 1,
    });
    const galaxies = catalogs.filter(({ use_distance }) => use_distance);
    assert.deepEqual(
      galaxies.map(({ distance_value, distance_method }) => [distance_value, distance_method]),
      [["z", "redshift"], ["DistMpc", "mpc"]],
    );
    assert.deepEqual(
      Object.keys(ml.ZTF!.models),
      ["braai", "acai_h", "acai_v", "acai_o", "acai_n", "acai_b", "bts"],
    );
  });
});

describe("loadSettings()", () => {
  it("puts the file over the defaults, and the environment over the file", () => {
    const file = { path: "my.yaml", text: "server: { port: 4001, host: 0.0.0.0 }" };
    const settings = load({ file, env: { KOWALSKI_SERVER_PORT: "4002" } });
    assert.deepEqual(
      [settings.server.port, settings.server.host, settings.server.admin_username],
      [4002, "0.0.0.0", "admin"],
    );
  });

  it("takes the original's root key, or none, or an empty file", () => {
    for (const text of ["kowalski: { server: { port: 1 } }", "server: { port: 1 }"]) {
      assert.equal(load({ file: { path: "f", text } }).server.port, 1);
    }
    assert.equal(load({ file: { path: "f", text: "# nothing" } }).server.port, 4000);
    assert.equal(load({ file: { path: "f", text: "kowalski:" } }).server.port, 4000);
  });

  it("merges mappings, replaces lists, and leaves out the entries that are null", () => {
    const text = `
      core: { roles: [query] }
      database: { xmatch: { ZTF: { AllWISE: null, mine: { cone_search_radius: 5 } } } }
      ml: { ZTF: { models: { bts: null } } }`;
    const { core, database, ml } = load({ file: { path: "f", text } });
    assert.deepEqual(core.roles, ["query"]);
    const names = database.xmatch.ZTF!.map(({ catalog }) => catalog);
    assert.equal(names.length, 14);
    assert.ok(!names.includes("AllWISE"));
    assert.equal(database.xmatch.ZTF!.at(-1)!.cone_search_radius, 5);
    assert.ok(!("bts" in ml.ZTF!.models));
  });

  it("reads structured values, keys with dots, entries, and text that looks like a number", () => {
    const settings = load({
      env: {
        KOWALSKI_CORE_URLS: '["http://a:1", "http://b:1"]',
        KOWALSKI_KAFKA_BOOTSTRAP_SERVERS: "a:9092, b:9092",
        KOWALSKI_KAFKA_SASL: "{ mechanism: plain, username: u, password: from-above }",
        KOWALSKI_KAFKA_SASL_PASSWORD: "12345",
        KOWALSKI_ENABLED_ZTF: "false",
        KOWALSKI_DATABASE_XMATCH_ZTF_GAIA_EDR3_CONE_SEARCH_RADIUS: "3",
        KOWALSKI_WORKERS_COUNT: "null",
        KOWALSKI_SERVER_ADMIN_PASSWORD: "0007",
      },
    });
    assert.deepEqual(settings.core.urls, ["http://a:1", "http://b:1"]);
    assert.deepEqual(settings.kafka["bootstrap.servers"], ["a:9092", "b:9092"]);
    assert.equal(settings.kafka.sasl?.password, "12345");
    assert.equal(settings.enabled.ztf, false);
    const gaia = settings.database.xmatch.ZTF!.find(({ catalog }) => catalog === "Gaia_EDR3");
    assert.equal(gaia?.cone_search_radius, 3);
    assert.equal(settings.workers.count, null);
    assert.equal(settings.server.admin_password, "0007");
  });

  it("reads a secret from the file that _FILE names, and tells of one that isn't there", () => {
    const readSecret = (path: string) => {
      if (path === "/run/secrets/jwt") return `${LONG}\n`;
      throw new Error(`No such file: ${path}`);
    };
    const env = { KOWALSKI_SERVER_JWT_SECRET_KEY_FILE: "/run/secrets/jwt" };
    assert.equal(load({ env, readSecret }).server.JWT_SECRET_KEY, LONG);
    assert.deepEqual(faultsOf({ env: { KOWALSKI_CORE_EDGE_KEY_FILE: "/nowhere" }, readSecret }), [
      "core.edge_key: must name a file that can be read: No such file: /nowhere " +
      "(from KOWALSKI_CORE_EDGE_KEY_FILE)",
    ]);
  });

  it("tells every fault at once: where, what, from whom", () => {
    const text = `
      server: { port: 99999, hots: here }
      databse: {}
      database: { xmatch: { ZTF: { AllWISE: { cone_search_radius: -1 } } } }
      ml: { ZTF: { models: { bts: { feature_names: [rednes] } } } }
      sources: { kind: folder }`;
    const faults = faultsOf({
      file: { path: "my.yaml", text },
      env: { KOWALSKI_SERVER_PROT: "1", KOWALSKI_WORKERS_BATCH_MAX: "many" },
    });
    const expected = [
      /^server\.port: .*65535.*current value is 99999 \(from my\.yaml\)$/,
      /^server\.hots: is no setting: did you mean server\.host\? \(from my\.yaml\)$/,
      /^databse: is no setting: did you mean database\? \(from my\.yaml\)$/,
      /^database\.xmatch\.ZTF\.AllWISE\.cone_search_radius: .*current value is -1 \(from my\.yaml\)$/,
      /^ml\.ZTF\.models\.bts\.feature_names.*: .*\["rednes"\] \(from my\.yaml\)$/,
      /^sources\.path: must be set when sources\.kind is folder: .*\(from /,
      /^KOWALSKI_SERVER_PROT: is no setting: did you mean KOWALSKI_SERVER_PORT\? \(from the env/,
      /^workers\.batch_max: .*current value is "many" \(from KOWALSKI_WORKERS_BATCH_MAX\)$/,
    ];
    for (const pattern of expected) {
      assert.ok(faults.some((fault) => pattern.test(fault)), `${pattern} in\n${faults.join("\n")}`);
    }
    assert.equal(faults.length, expected.length, faults.join("\n"));
  });

  it("leaves names in the environment alone that are for others", () => {
    load({ env: { KOWALSKI_CONFIG: "x", KOWALSKI_TEST_MONGO_URI: "x", KOWALSKI_CACHE_DIR: "x" } });
    load({ env: { PATH: "x", KOWALSKIX: "y" } });
  });

  it("refuses secrets that were published, or are short, without printing any", () => {
    const text = "server: { admin_password: admin, JWT_SECRET_KEY: my-own-word }";
    const faults = faultsOf({ file: { path: "f", text } });
    assert.equal(faults.length, 2);
    assert.match(faults.join(), /admin_password: must not be a default that was published/);
    assert.ok(!faults.join().includes("my-own-word"), faults.join("\n"));
  });

  it("takes the password of clients' tests where the settings say that it is for tests", () => {
    const text = "server: { admin_password: admin, test_profile: true }";
    assert.equal(load({ file: { path: "f", text } }).server.admin_password, "admin");
    assert.equal(faultsOf({ file: { path: "f", text: "server: null" } }).length, 1);
  });

  it("tells of a file that isn't YAML, or no mapping", () => {
    assert.match(
      faultsOf({ file: { path: "f", text: "a: [1" } })[0]!,
      /must be YAML: .*\(from f\)/,
    );
    assert.match(faultsOf({ file: { path: "f", text: "- 1" } })[0]!, /must be a mapping/);
  });

  it("each place has a name of its own in the environment", () => {
    const names = [...places(Settings, load({}))].map(({ path }) => envName(path));
    assert.equal(new Set(names).size, names.length);
  });

  it("whatever the environment says, it gives settings or a SettingsError", () => {
    const names = [...places(Settings, load({}))].map(({ path }) => envName(path));
    const env = fc.dictionary(fc.constantFrom(...names), fc.string(), { maxKeys: 4 });
    fc.assert(
      fc.property(env, (env) => {
        try {
          load({ env });
        } catch (error) {
          assert.ok(error instanceof SettingsError, String(error));
        }
      }),
      { numRuns: 50 },
    );
  });
});

describe("blanked()", () => {
  it("shows no secret, and no password of an address", () => {
    const env = {
      KOWALSKI_SERVER_ADMIN_PASSWORD: "secret-1",
      KOWALSKI_SERVER_JWT_SECRET_KEY: `secret-2-${LONG}`,
      KOWALSKI_CORE_EDGE_KEY: `secret-3-${LONG}`,
      KOWALSKI_DATABASE_PASSWORD: "secret-4",
      KOWALSKI_DATABASE_URI: "mongodb://me:secret-5@db.example:27017/x",
      KOWALSKI_SKYPORTAL_TOKEN: "secret-6",
      KOWALSKI_KAFKA_SASL: "{ mechanism: plain, username: me, password: secret-7 }",
    };
    const settings = load({ env });
    const text = JSON.stringify(blanked(settings));
    assert.ok(!text.includes("secret-"), text);
    assert.ok(text.includes("mongodb://me:***@db.example:27017/x"), text);
    assert.ok(JSON.stringify(settings).includes("secret-7"), "The settings themselves keep it");
  });
});

describe("demandSecrets()", () => {
  it("tells how to set each that is missing", () => {
    const settings = load({ env: { KOWALSKI_CORE_EDGE_KEY: LONG } });
    demandSecrets(settings, [["core", "edge_key"]]);
    assert.throws(
      () => demandSecrets(settings, [["core", "edge_key"], ["server", "JWT_SECRET_KEY"]]),
      /server\.JWT_SECRET_KEY: must be set: as KOWALSKI_SERVER_JWT_SECRET_KEY/,
    );
  });
});

describe("readSettings()", () => {
  it("makes secrets for this machine once, for their owner only", async () => {
    await using folder = await tempFolder();
    const env = { KOWALSKI_CORE_DATA_DIR: `${folder.path}/data` };
    const first = await readSettings({ env, file: "/dev/null", localSecrets: true });
    demandSecrets(first, [
      ["server", "admin_password"],
      ["server", "JWT_SECRET_KEY"],
      ["core", "edge_key"],
    ]);
    assert.deepEqual(await readSettings({ env, file: "/dev/null", localSecrets: true }), first);
    const { mode } = await Deno.stat(`${folder.path}/data/secrets.yaml`);
    assert.equal(mode! & 0o777, 0o600);
  });

  it("a secret of the operator's comes before the machine's own", async () => {
    await using folder = await tempFolder();
    const env = { KOWALSKI_CORE_DATA_DIR: folder.path, KOWALSKI_SERVER_ADMIN_PASSWORD: "mine" };
    const settings = await readSettings({ env, file: "/dev/null", localSecrets: true });
    assert.equal(settings.server.admin_password, "mine");
  });

  it("tells of a file that was asked for and isn't there", async () => {
    await assert.rejects(
      readSettings({ env: { KOWALSKI_CONFIG: "/nowhere.yaml" } }),
      /Cannot read the settings file \/nowhere\.yaml/,
    );
  });

  it("two processes that start at once get the same secrets", async () => {
    await using folder = await tempFolder();
    const made = await Promise.all([1, 2, 3].map(() => generateLocalSecrets(folder.path)));
    assert.equal(new Set(made.map(({ text }) => text)).size, 1);
    assert.deepEqual([...Deno.readDirSync(folder.path)].map(({ name }) => name), ["secrets.yaml"]);
  });
});

describe("databaseUri()", () => {
  const database = load({}).database;
  it("is null where nobody names a server", () => {
    assert.equal(databaseUri(database), null);
  });

  it("is made of its parts, or taken as it is", () => {
    const parts = { ...database, host: "db", username: "me", password: "p@ss" };
    assert.equal(
      databaseUri(parts),
      "mongodb://me:p%40ss@db:27017/kowalski?directConnection=true",
    );
    assert.equal(
      databaseUri({ ...parts, replica_set: "rs0" }),
      "mongodb://me:p%40ss@db:27017/kowalski?replicaSet=rs0",
    );
    assert.equal(
      databaseUri({ ...parts, srv: true }),
      "mongodb+srv://me:p%40ss@db/kowalski",
    );
    assert.equal(databaseUri({ ...parts, uri: "mongodb://x" }), "mongodb://x");
  });
});

function load(sources: Partial<SettingsSources>) {
  return loadSettings({ defaultsText, env: {}, ...sources });
}

/** Each fault as one line, as people see it. */
function faultsOf(sources: Partial<SettingsSources>): string[] {
  try {
    load(sources);
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    return error.message.split("\n").slice(1).map((line) => line.trim());
  }
  assert.fail("There is no fault");
}

async function tempFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "kowalski-settings-test-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
