/** What the file holds after crashes, replays and a full disk. */
import assert from "node:assert/strict";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { passOf } from "../../tests/support/passed.ts";
import type { Passed } from "../contract/passed.ts";
import { jsonLinesSink } from "./json_lines.ts";

const { signal } = new AbortController();
let folder: string;
let path: string;

beforeEach(async () => {
  folder = await Deno.makeTempDir();
  path = `${folder}/hits.jsonl`;
});
afterEach(() => Deno.remove(folder, { recursive: true }));

const pass = (number: number, data = {}) =>
  passOf({
    _id: `ztf:${number}:1`,
    candid: 2_475_433_850_315_015_000n + BigInt(number),
    data,
  });

async function deliver(...passed: Passed[]): Promise<void> {
  await using sink = jsonLinesSink({ path });
  await sink.deliver(passed, signal);
}

const lines = () => Deno.readTextFileSync(path).split("\n").slice(0, -1);
const ids = () => lines().map((line) => JSON.parse(line)._id);

describe("jsonLinesSink()", () => {
  it("writes a line a pass, with all digits", async () => {
    await deliver(pass(11, { text: "a\nb" }), pass(12));
    assert.equal(
      lines()[0],
      '{"_id":"ztf:11:1","survey":"ztf","candid":2475433850315015011,"objectId":"a","filterId":1,' +
        '"groupId":1,"fid":"f","data":{"text":"a\\nb"},"packetMs":1}',
    );
    assert.deepEqual(ids(), ["ztf:11:1", "ztf:12:1"]);
  });

  it("appends after a restart, and leaves out what the file has", async () => {
    await deliver(pass(1), pass(2));
    await deliver(pass(2), pass(3), pass(3));
    assert.deepEqual(ids(), ["ztf:1:1", "ztf:2:1", "ztf:3:1"]);
  });

  it("a line that was cut at any byte is taken away, and its pass comes again", async () => {
    await deliver(pass(1), pass(2, { name: "é".repeat(40) }));
    const whole = await Deno.readFile(path);
    const first = whole.indexOf(0x0a) + 1;
    for (let cut = 0; cut < whole.length; cut += 7) {
      await Deno.writeFile(path, whole.subarray(0, cut));
      await deliver(pass(2, { name: "é".repeat(40) }));
      assert.deepEqual(ids(), cut < first ? ["ztf:2:1"] : ["ztf:1:1", "ztf:2:1"]);
    }
  });

  it("looks only through the file's end for what it has", async () => {
    await deliver(pass(1), pass(2));
    await using sink = jsonLinesSink({ path, tailBytes: lines()[1]!.length + 1 });
    await sink.deliver([pass(1), pass(2)], signal);
    assert.deepEqual(ids(), ["ztf:1:1", "ztf:2:1", "ztf:1:1"]);
  });

  it("deliveries at once are written one after the other", async () => {
    await using sink = jsonLinesSink({ path });
    await Promise.all(Array.from({ length: 20 }, (_, i) => sink.deliver([pass(i)], signal)));
    assert.equal(new Set(ids()).size, 20);
  });

  it("rejects while the file can't be written, and works when it can", async () => {
    await using sink = jsonLinesSink({ path: `${folder}/later/hits.jsonl` });
    await assert.rejects(sink.deliver([pass(1)], signal), Deno.errors.NotFound);
    path = `${folder}/later/hits.jsonl`;
    await Deno.mkdir(`${folder}/later`);
    await sink.deliver([pass(1)], signal);
    assert.deepEqual(ids(), ["ztf:1:1"]);
  });

  it("rejects when the disk is full, and the pass isn't taken for written", {
    skip: Deno.build.os !== "linux",
  }, async () => {
    await using sink = jsonLinesSink({ path: "/dev/full" });
    for (let tries = 0; tries < 2; tries++) {
      await assert.rejects(sink.deliver([pass(1)], signal), /space/i);
    }
  });
});
