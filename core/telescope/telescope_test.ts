import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { playTelescope } from "../../tests/support/telescope.ts";
import { until } from "../../tests/support/until.ts";
import type { Log } from "../base/log.ts";
import { TelescopeError } from "../contract/triggers.ts";
import { openTelescope, type Way } from "./telescope.ts";

const LIMITS = { openMsMax: 20_000, answerMsMax: 20_000, answerBytesMax: 10_000 };
const GET = { method: "GET", path: "/queues", body: '{"queue_name": "a"}' } as const;
const PUT = { method: "PUT", path: "/queues", body: '{"ra": 10.0}' } as const;
const FAKE_SSH = new URL("../../tests/fakes/ssh.ts", import.meta.url).pathname;
const HOST_KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAIabc";

const log: Log = {
  debug() {},
  info() {},
  warn() {},
  error() {},
  with: () => log,
};

describe("openTelescope() of a relay", () => {
  it("asks once, with the body also of a GET, and gives status, headers and text", async () => {
    await using upstream = await playTelescope();
    await using telescope = openTelescope(relay(upstream.port), log, LIMITS);
    upstream.answer = (response) => {
      response.writeHead(201, { "X-Queue": "a" });
      response.end('{"a": 1.0}');
    };
    for (const request of [GET, PUT]) {
      const { httpStatus, headers, text } = await telescope.send(request);
      assertEquals([httpStatus, headers["X-Queue"], text], [201, "a", '{"a": 1.0}']);
    }
    assertEquals(
      upstream.asked,
      [GET, PUT].map((request) => ({ ...request, contentType: "application/json" })),
    );
  });

  it("keeps the path of the address", async () => {
    await using upstream = await playTelescope();
    const url = `http://127.0.0.1:${upstream.port}/relay/`;
    await using telescope = openTelescope({ kind: "relay", url }, log, LIMITS);
    await telescope.send(GET);
    assertEquals(upstream.asked[0]?.path, "/relay/queues");
  });

  it("says that nobody is there", async () => {
    const { port } = await closed();
    await using telescope = openTelescope(relay(port), log, LIMITS);
    await assertRejects(() => telescope.send(PUT), TelescopeError, "can't be reached");
  });

  it("waits no longer than it may, whether the answer doesn't begin or doesn't end", async () => {
    await using upstream = await playTelescope();
    await using telescope = openTelescope(relay(upstream.port), log, {
      ...LIMITS,
      answerMsMax: 150,
    });
    upstream.answer = () => {};
    await assertRejects(() => telescope.send(PUT), TelescopeError, "no answer");
    upstream.answer = (response) => void response.write("[");
    await assertRejects(() => telescope.send(PUT), TelescopeError, "no answer");
    assertEquals(upstream.asked.length, 2);
  });

  it("takes no part of an answer for the whole, and no answer without end", async () => {
    await using upstream = await playTelescope();
    await using telescope = openTelescope(relay(upstream.port), log, LIMITS);
    upstream.answer = (response) => {
      response.writeHead(200, { "content-length": "100" });
      response.write("[", () => response.destroy());
    };
    await assertRejects(() => telescope.send(GET), TelescopeError, "can't be reached");
    upstream.answer = (response) => void response.end("x".repeat(LIMITS.answerBytesMax + 1));
    await assertRejects(() => telescope.send(GET), TelescopeError, "can't be reached");
    assertEquals(upstream.asked.length, 2);
  });

  it("refuses where nothing is configured", async () => {
    await using telescope = openTelescope({ kind: "none" }, log);
    await assertRejects(() => telescope.send(GET), TelescopeError, "no telescope is configured");
  });
});

describe("openTelescope() of a tunnel", () => {
  it("opens one for all requests, with the key and the pinned host key, and closes it", async () => {
    await using upstream = await playTelescope();
    await using calls = await sshCalls();
    const telescope = openTelescope(tunnel(upstream.port, calls.path), log, LIMITS);
    await Promise.all([GET, PUT, GET].map((request) => telescope.send(request)));
    await telescope.send(PUT);
    assertEquals(upstream.asked.length, 4);
    assertEquals(calls.read().length, 1);
    const { args, known } = calls.read()[0]!;
    assertEquals(known, `telescope ${HOST_KEY}\n`);
    for (
      const option of [
        "StrictHostKeyChecking=yes",
        "HostKeyAlias=telescope",
        "IdentitiesOnly=yes",
        "BatchMode=yes",
        "ExitOnForwardFailure=yes",
      ]
    ) assertEquals(args[args.indexOf(option) - 1], "-o", option);
    assertEquals(args.slice(-2), ["--", "mountain.example"]);
    await telescope[Symbol.asyncDispose]();
    await assertRejects(() => Deno.stat(socketOf(args)), Deno.errors.NotFound);
  });

  it("closes it on an error, and opens another for the next request", async () => {
    await using upstream = await playTelescope();
    await using calls = await sshCalls();
    await using telescope = openTelescope(tunnel(upstream.port, calls.path), log, LIMITS);
    await telescope.send(GET);
    upstream.answer = (response) => response.destroy();
    await assertRejects(() => telescope.send(PUT), TelescopeError, "can't be reached");
    await until(() => Deno.stat(socketOf(calls.read()[0]!.args)).then(() => false, () => true));
    upstream.answer = (response) => void response.end("[]");
    await telescope.send(GET);
    assertEquals([upstream.asked.length, calls.read().length], [3, 2]);
  });

  it("leaves requests that are in it their tunnel when another fails", async () => {
    await using upstream = await playTelescope();
    await using calls = await sshCalls();
    await using telescope = openTelescope(tunnel(upstream.port, calls.path), log, LIMITS);
    let finish = () => {};
    upstream.answer = (response, { method }) => {
      if (method === "PUT") response.destroy();
      else finish = () => void response.end("[7]");
    };
    const slow = telescope.send(GET);
    await until(() => upstream.asked.length === 1);
    await assertRejects(() => telescope.send(PUT), TelescopeError);
    finish();
    assertEquals((await slow).text, "[7]");
  });

  it("says that it can't be opened, and nothing of why to who asked", async () => {
    await using calls = await sshCalls();
    for (const username of ["stranger", "sleeper"]) {
      const said: unknown[] = [];
      await using telescope = openTelescope(
        tunnel(1, calls.path, { username }),
        { ...log, warn: (_, fields) => said.push(fields) },
        { ...LIMITS, openMsMax: username === "sleeper" ? 100 : LIMITS.openMsMax },
      );
      await assertRejects(() => telescope.send(GET), TelescopeError, "can't be opened");
      const reason = username === "sleeper" ? "No tunnel in" : "Host key verification failed.";
      assert(JSON.stringify(said).includes(reason), JSON.stringify(said));
    }
  });

  it("says so where there is no such program", async () => {
    const way = { ...tunnel(1, "/nowhere"), command: ["/nowhere/ssh"] };
    await using telescope = openTelescope(way, log, LIMITS);
    await assertRejects(() => telescope.send(GET), TelescopeError, "can't be opened");
  });
});

function relay(port: number): Way {
  return { kind: "relay", url: `http://127.0.0.1:${port}` };
}

function tunnel(port: number, keyFile: string, more: { username?: string } = {}): Way {
  return {
    kind: "tunnel",
    host: "mountain.example",
    port: 2222,
    username: "observer",
    keyFile,
    hostKey: HOST_KEY,
    target: { host: "127.0.0.1", port },
    command: [Deno.execPath(), "run", "-A", "--quiet", "--no-check", FAKE_SSH],
    ...more,
  };
}

/** Where the fake `ssh` writes how it was called: what it is told is the key. */
async function sshCalls() {
  const path = await Deno.makeTempFile();
  return {
    path,
    read: (): { args: string[]; known: string }[] =>
      Deno.readTextFileSync(path).trim().split("\n").map((line) => JSON.parse(line)),
    async [Symbol.asyncDispose]() {
      await Deno.remove(path);
    },
  };
}

function socketOf(args: readonly string[]): string {
  return args[args.indexOf("-L") + 1]!.split(":")[0]!;
}

/** A port that was somebody's, and is nobody's now. */
async function closed() {
  await using upstream = await playTelescope();
  return { port: upstream.port };
}
