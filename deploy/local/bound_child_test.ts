/** What a bound child promises, shown with real processes: one of them is killed with -9. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { until } from "../../tests/support/until.ts";
import { startBound } from "./bound_child.ts";

const MODULE = new URL("./bound_child.ts", import.meta.url).href;

describe("startBound()", () => {
  it("stop() ends the program, and its pid is the program's own", async () => {
    const child = startBound("sleep", ["600"]);
    await until(async () => await commandOf(child.pid) === "sleep 600");
    await child.stop();
    const { signal } = await child.ended;
    assert.equal(signal, "SIGTERM");
    assert.equal(await commandOf(child.pid), undefined);
  });

  it("stop() kills a program that doesn't listen", async () => {
    const logPath = await Deno.makeTempFile();
    try {
      const args = ["-c", "trap '' TERM; echo deaf; while :; do sleep 1; done"];
      await using child = startBound("sh", args, { logPath });
      await until(async () => await Deno.readTextFile(logPath) === "deaf\n");
      await child.stop(200);
      assert.equal((await child.ended).signal, "SIGKILL");
    } finally {
      await Deno.remove(logPath);
    }
  });

  it("stop() of a program that ended by itself resolves", async () => {
    const child = startBound("sh", ["-c", "exit 3"]);
    assert.equal((await child.ended).code, 3);
    await child.stop();
  });

  it("a command that isn't there ends with 127", async () => {
    assert.equal((await startBound("kowalski-no-such-command", []).ended).code, 127);
  });

  it("what the program prints goes to its log", async () => {
    const logPath = await Deno.makeTempFile();
    try {
      const args = ["-c", 'echo "$WORD"; echo err >&2; pwd'];
      await startBound("sh", args, { logPath, env: { WORD: "out" }, cwd: "/" }).ended;
      assert.equal(await Deno.readTextFile(logPath), "out\nerr\n/\n");
    } finally {
      await Deno.remove(logPath);
    }
  });

  it("the program ends when its parent is killed with -9", async () => {
    const code = `const { startBound } = await import(${JSON.stringify(MODULE)});
      console.log(startBound("sleep", ["601"]).pid); setInterval(() => {}, 1000);`;
    const parent = new Deno.Command(Deno.execPath(), {
      args: ["eval", code],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = parent.stdout.getReader();
    const pid = Number(new TextDecoder().decode((await reader.read()).value));
    await until(async () => await commandOf(pid) === "sleep 601");

    parent.kill("SIGKILL");
    await parent.status;
    await reader.cancel();

    await until(async () => await commandOf(pid) === undefined);
  });
});

/** The command line of a living process. */
async function commandOf(pid: number): Promise<string | undefined> {
  const { code, stdout } = await new Deno.Command("ps", {
    args: ["-o", "stat=,args=", "-p", String(pid)],
  }).output();
  const [, state, command] = /^\s*(\S+)\s+(.*)/.exec(new TextDecoder().decode(stdout)) ?? [];
  return code !== 0 || state?.startsWith("Z") ? undefined : command?.trim();
}
