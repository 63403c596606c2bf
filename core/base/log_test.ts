/** Logs, as they are written. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { configureLog, flushLog, getLog, type LogOptions } from "./log.ts";

describe("configureLog()", () => {
  it("writes a JSON object a line, with ids whole", async () => {
    const lines = await logged({ level: "info", format: "json" }, () => {
      const log = getLog("broker").with({ survey: "ztf" });
      log.info("stored a batch", { candid: 2413212345678901234n, error: new RangeError("no") });
      log.debug("not told");
      log.warn("a {brace} stays", { brace: "changed" });
    });
    const [first, second] = lines.map((line) => JSON.parse(line));
    assert.match(first.time, /^\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{3}Z$/);
    assert.deepEqual({ ...first, time: 0 }, {
      time: 0,
      level: "info",
      unit: "broker",
      message: "stored a batch",
      survey: "ztf",
      candid: "2413212345678901234",
      error: "RangeError: no",
    });
    assert.equal(second.message, "a {brace} stays");
    assert.equal(lines.length, 2);
  });

  it("is readable as text, with colours on a terminal only", async () => {
    const say = () => getLog("core").error("it failed", { reason: "no way", tries: 3 });
    const [plain] = await logged({ level: "info", format: "text", isTerminal: false }, say);
    assert.match(
      plain!,
      /^\d\d:\d\d:\d\d\.\d{3} error {3}core: it failed reason="no way" tries=3$/,
    );
    const [coloured] = await logged({ level: "info", format: "auto", isTerminal: true }, say);
    assert.ok(coloured!.includes("\x1b[31m"), coloured);
    const [machine] = await logged({ level: "info", format: "auto", isTerminal: false }, say);
    assert.equal(JSON.parse(machine!).reason, "no way");
  });

  it("doesn't wait for a reader that is slow, and keeps a bounded number of records", async () => {
    const open = Promise.withResolvers<void>();
    let written = 0;
    const stream = new WritableStream<Uint8Array>({
      async write() {
        await open.promise;
        written++;
      },
    });
    await configureLog({ level: "info", format: "json", stream });
    for (let i = 0; i < 20_000; i++) getLog("core").info("again"); // Returns, though nobody reads.
    open.resolve();
    await flushLog();
    assert.ok(written > 0 && written <= 6_000, String(written));
  });
});

async function logged(options: LogOptions, say: () => void): Promise<string[]> {
  const chunks: string[] = [];
  const decoder = new TextDecoder();
  const stream = new WritableStream<Uint8Array>({
    write: (bytes) => void chunks.push(decoder.decode(bytes)),
  });
  await configureLog({ ...options, stream });
  say();
  await flushLog();
  return chunks.join("").split("\n").slice(0, -1);
}
