/** How a program ends: the order, the deadline, and real signals. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import type { Log, LogFields } from "./log.ts";
import { openShutdown } from "./shutdown.ts";

const MODULE = new URL("./shutdown.ts", import.meta.url).href;

describe("openShutdown()", () => {
  it("closes what was opened last first, one after the other", async () => {
    const { log } = remember();
    using shutdown = openShutdown({ drainMs: 10_000, log });
    const order: string[] = [];
    for (const name of ["archive", "broker", "server"]) {
      shutdown.add(name, async () => {
        await new Promise((resolve) => setTimeout(resolve, 1));
        order.push(name);
      });
    }
    assert.equal(shutdown.signal.aborted, false);
    const closing = shutdown.close("done");
    assert.equal(shutdown.signal.aborted, true);
    assert.equal(await closing, true);
    assert.equal(await shutdown.closed, true);
    assert.deepEqual(order, ["server", "broker", "archive"]);
  });

  it("one that fails, or hangs, doesn't keep the others from closing", async () => {
    const { log, lines } = remember();
    using shutdown = openShutdown({ drainMs: 1, log });
    let isClosed = false;
    shutdown.add("archive", () => void (isClosed = true));
    shutdown.add("hangs", () => new Promise<void>(() => {}));
    shutdown.add("fails", () => Promise.reject(new Error("broken")));
    assert.equal(await shutdown.close("done"), false);
    assert.ok(isClosed);
    assert.deepEqual(
      lines.filter(({ level }) => level === "error").map(({ message, name }) => [message, name]),
      [["did not close in order", "fails"], ["did not close in time", "hangs"]],
    );
  });

  it("closes at once what is opened after the end has begun", async () => {
    const { log } = remember();
    using shutdown = openShutdown({ drainMs: 1000, log });
    await shutdown.close("done");
    const closed = Promise.withResolvers<void>();
    shutdown.add("late", () => closed.resolve());
    await closed.promise;
  });

  for (const signal of ["SIGTERM", "SIGINT"] as const) {
    it(`${signal} begins the end`, async () => {
      const program = await start(`shutdown.add("x", () => console.log("closed x"));`);
      program.kill(signal);
      assert.deepEqual(await program.output(), { code: 0, text: "closed x\nin order: true\n" });
    });
  }

  it("a second signal ends the process at once", async () => {
    const program = await start(
      `shutdown.add("x", () => { console.log("closing"); return new Promise(() => {}); });`,
    );
    program.kill("SIGTERM");
    await program.says("closing");
    program.kill("SIGTERM");
    assert.equal((await program.output()).code, 1);
  });
});

type Line = { level: string; message: string } & LogFields;

function remember(): { log: Log; lines: Line[] } {
  const lines: Line[] = [];
  const at = (level: string) => (message: string, fields: LogFields = {}) =>
    void lines.push({ level, message, ...fields });
  const log: Log = {
    debug: at("debug"),
    info: at("info"),
    warn: at("warn"),
    error: at("error"),
    with: () => log,
  };
  return { log, lines };
}

/** A program of its own that lives until it is told to end. */
async function start(code: string) {
  const program = `const { openShutdown } = await import(${JSON.stringify(MODULE)});
    const log = { info() {}, warn() {}, error() {}, debug() {} };
    const shutdown = openShutdown({ drainMs: 60_000, log });
    const alive = setInterval(() => {}, 1000);
    ${code}
    console.log("ready");
    const inOrder = await shutdown.closed;
    clearInterval(alive);
    shutdown[Symbol.dispose]();
    console.log("in order: " + inOrder);`;
  const child = new Deno.Command(Deno.execPath(), {
    args: ["eval", program],
    stdout: "piped",
  }).spawn();
  const reader = child.stdout.pipeThrough(new TextDecoderStream()).getReader();
  let text = "";
  const says = async (words: string) => {
    while (!text.includes(`${words}\n`)) {
      const { value, done } = await reader.read();
      if (done) assert.fail(`It ended without saying ${words}: ${text}`);
      text += value;
    }
  };
  await says("ready");
  text = "";
  return {
    says,
    kill: (signal: Deno.Signal) => child.kill(signal),
    async output() {
      for (let read = await reader.read(); !read.done; read = await reader.read()) {
        text += read.value;
      }
      return { code: (await child.status).code, text };
    },
  };
}
