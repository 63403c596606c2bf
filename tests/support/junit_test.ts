/** Counting, on reports that Deno's runner really writes. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { countRun, countTests } from "./junit.ts";

const MIXED = `
  import { before, describe, it } from "node:test";
  describe("A", () => {
    it("passes", () => {});
    it("is skipped", { skip: true }, () => {});
    it("fails", () => { throw new Error("it must"); });
    describe("inner", () => { it("a > b", () => {}); it.skip("y", () => {}); });
  });
  describe("B", { skip: true }, () => { it("z", () => {}); });
  describe("C", () => { before(() => { throw new Error("hook"); }); it("q", () => {}); });
  it("top", () => {});
  Deno.test("deno passes", () => {});
  Deno.test("deno steps", async (t) => { await t.step("s", () => {}); });
  Deno.test({ name: "deno is skipped", ignore: true, fn() {} });
`;

describe("countTests()", () => {
  it("counts each test once, and groups only where they fail by themselves", async () => {
    const { junit, exitCode } = await run(MIXED);
    // Passed: passes, a > b, top, deno passes, s. Failed: fails, the hook of C. Skipped: is skipped,
    // y, B as a whole, deno is skipped.
    assert.deepEqual(countRun(junit, exitCode), { passed: 5, failed: 2, skipped: 4 });
  });

  it("a leak in a group whose tests pass is a failure", async () => {
    const { junit, exitCode } = await run(`
      Deno.test("leaks", async (t) => {
        await t.step("is well", () => {});
        await Deno.open(Deno.execPath());
      });`);
    assert.deepEqual(countRun(junit, exitCode), { passed: 1, failed: 1, skipped: 0 });
  });

  it("counts nothing in nothing", () => {
    assert.deepEqual(countTests("<testsuites/>"), { passed: 0, failed: 0, skipped: 0 });
  });
});

describe("countRun()", () => {
  it("a runner that fails without a failed test is a failure", async () => {
    const { junit, exitCode } = await run(`throw new Error("This file doesn't load");`);
    assert.deepEqual(countRun(junit, exitCode), { passed: 0, failed: 1, skipped: 0 });
  });

  it("no report is a failure, whatever the runner's code is", () => {
    assert.deepEqual(countRun(null, 0), { passed: 0, failed: 1, skipped: 0 });
  });

  it("all well is all well", async () => {
    const { junit, exitCode } = await run(`Deno.test("passes", () => {});`);
    assert.deepEqual(countRun(junit, exitCode), { passed: 1, failed: 0, skipped: 0 });
  });
});

async function run(code: string): Promise<{ junit: string | null; exitCode: number }> {
  const folder = await Deno.makeTempDir({ prefix: "kowalski-junit-test-" });
  try {
    await Deno.writeTextFile(`${folder}/a_test.ts`, code);
    const { code: exitCode } = await new Deno.Command(Deno.execPath(), {
      args: ["test", "-A", "--no-check", "--no-config", "--sanitize-resources"]
        .concat([`--junit-path=${folder}/junit.xml`, `${folder}/a_test.ts`]),
    }).output();
    const junit = await Deno.readTextFile(`${folder}/junit.xml`).catch(() => null);
    return { junit, exitCode };
  } finally {
    await Deno.remove(folder, { recursive: true });
  }
}
