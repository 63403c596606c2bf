import assert from "node:assert/strict";
import { Buffer } from "node:buffer";
import { join } from "node:path";
import { gzipSync } from "node:zlib";
import { afterEach, beforeEach, describe, it } from "@std/testing/bdd";
import { pack } from "tar-stream";
import { noSamples, samplePackets, SAMPLES_DIR } from "../../tests/support/samples.ts";
import type { Packet } from "../contract/packet.ts";
import { type FolderOptions, folderSource } from "./folder.ts";

const never = new AbortController().signal;
let folder: string;

beforeEach(async () => {
  folder = await Deno.makeTempDir({ prefix: "kowalski-folder-" });
});
afterEach(() => Deno.remove(folder, { recursive: true }));

/** By path below the folder; in no order of their names. */
const FILES = new Map([
  ["b.avro", "second"],
  ["a.avro", "first"],
  ["notes.txt", "not a packet"],
  ["c/2.avro", "fourth"],
  ["c/1.avro", "third"],
  ["z/pgir/9.avro", "fifth"],
]);
const CONTENTS = ["first", "second", "third", "fourth", "fifth"];

async function write(files: ReadonlyMap<string, string> = FILES): Promise<void> {
  for (const [path, text] of files) {
    await Deno.mkdir(join(folder, path, ".."), { recursive: true });
    await Deno.writeTextFile(join(folder, path), text);
  }
}

async function read(path: string, more: Partial<FolderOptions> = {}) {
  const unreadable: string[] = [];
  const source = folderSource({
    path,
    batchMax: 2,
    onUnreadable: (path, error) => unreadable.push(`${path}: ${error.message}`),
    ...more,
  });
  const batches = await Array.fromAsync(source.batches(never));
  const packets = batches.flatMap(({ packets }) => packets);
  return { batches, packets, unreadable };
}

const textOf = ({ bytes }: Packet) => new TextDecoder().decode(bytes);

async function tarOf(files: ReadonlyMap<string, string>): Promise<Uint8Array> {
  const archive = pack();
  archive.entry({ name: "c/", type: "directory" });
  for (const [name, text] of files) archive.entry({ name }, text);
  archive.finalize();
  return Buffer.concat(await Array.fromAsync(archive as AsyncIterable<Uint8Array>));
}

describe("folderSource()", () => {
  it("gives each .avro file below a folder, in the order of their paths", async () => {
    await write();
    const { packets, batches, unreadable } = await read(folder, { topic: "night" });
    assert.deepEqual(packets.map(textOf), CONTENTS);
    assert.deepEqual(batches.map(({ packets }) => packets.length), [2, 2, 1]);
    assert.deepEqual(packets.map(({ offset }) => offset), [0n, 1n, 2n, 3n, 4n]);
    assert.ok(packets.every(({ topic, partition }) => topic === "night" && partition === 0));
    assert.ok(packets.every(({ timestampMs }) => timestampMs > 1.7e12));
    assert.deepEqual(unreadable, []);
    for (const batch of batches) await batch.commit();
  });

  it("gives the same from a tar, gzipped or not, and from a single file", async () => {
    await write();
    const sorted = new Map([...FILES].sort(([a], [b]) => a < b ? -1 : 1));
    // As macOS leaves them behind.
    const tar = await tarOf(new Map([...sorted, ["c/._2.avro", "resource fork"]]));
    const paths = ["night.tar", "night.tar.gz", "night.tgz"].map((name) => join(folder, name));
    await Deno.writeFile(paths[0]!, tar);
    await Deno.writeFile(paths[1]!, gzipSync(tar));
    await Deno.writeFile(paths[2]!, gzipSync(tar));
    for (const path of paths) {
      const { packets, unreadable } = await read(path);
      assert.deepEqual(packets.map(textOf), CONTENTS, path);
      assert.deepEqual(packets.map(({ offset }) => offset), [0n, 1n, 2n, 3n, 4n]);
      assert.deepEqual(unreadable, []);
    }
    assert.deepEqual((await read(join(folder, "b.avro"))).packets.map(textOf), ["second"]);
  });

  it("takes the survey's subfolder where there is one, else the whole folder", async () => {
    await write();
    const below = join(folder, "z");
    await Deno.writeTextFile(join(below, "other.avro"), "of another survey");
    assert.deepEqual((await read(below, { survey: "pgir" })).packets.map(textOf), ["fifth"]);
    assert.equal((await read(below, { survey: "ztf" })).packets.length, 2);
  });

  it("reads no file before it is asked for", async () => {
    await write();
    const source = folderSource({ path: folder, batchMax: 2, onUnreadable: assert.fail });
    const batches = source.batches(never)[Symbol.asyncIterator]();
    await batches.next();
    assert.deepEqual(source.state(), { connected: true, lag: null });
    await Deno.writeTextFile(join(folder, "c/1.avro"), "changed since");
    const { value } = await batches.next();
    assert.deepEqual(value.packets.map(textOf), ["changed since", "fourth"]);
    await batches.return?.();
    assert.equal(source.state().connected, false);
  });

  it("reads no further in a tar than its streams' buffers hold, and lets go of it", async () => {
    const large = new Map(
      Array.from({ length: 200 }, (_, nth) => [`${nth}.avro`, "x".repeat(70_000)]),
    );
    const path = join(folder, "large.tar");
    await Deno.writeFile(path, await tarOf(large));
    const source = folderSource({ path, batchMax: 1, onUnreadable: assert.fail });
    const batches = source.batches(never)[Symbol.asyncIterator]();
    await batches.next();
    // All but the beginning may be gone by now, if only its beginning was read.
    await Deno.truncate(path, 4_000_000);
    await assert.rejects(async () => {
      while (!(await batches.next()).done);
    }, /must be a whole tar archive/);
  });

  it("tells of files that it can't read, and goes on", async () => {
    await write();
    await Deno.symlink(join(folder, "nowhere"), join(folder, "aa.avro"));
    await Deno.writeFile(join(folder, "bb.avro"), new Uint8Array(16 * 1024 * 1024 + 1));
    const { packets, unreadable } = await read(folder);
    assert.deepEqual(packets.map(textOf), CONTENTS);
    assert.equal(unreadable.length, 2);
    assert.match(unreadable[0]!, /aa\.avro: .*No such file/);
    assert.match(unreadable[1]!, /bb\.avro: .*at most 16777216 bytes: current value is 16777217/);

    const path = join(folder, "one.tar");
    const huge = "x".repeat(16 * 1024 * 1024 + 1);
    await Deno.writeFile(path, await tarOf(new Map([["huge.avro", huge], ["b.avro", "second"]])));
    const tar = await read(path);
    assert.deepEqual(tar.packets.map(textOf), ["second"]);
    assert.match(tar.unreadable[0]!, /one\.tar:huge\.avro: .*at most 16777216/);
  });

  it("gives what stands before the damage of a tar, and then says so", async () => {
    const files = new Map(Array.from({ length: 9 }, (_, n) => [`${n}.avro`, "x".repeat(3000)]));
    const tar = await tarOf(files);
    const gzipped = gzipSync(tar, { level: 0 });
    const broken: [name: string, bytes: Uint8Array, packetsMax: number, packetsMin: number][] = [
      ["cut.tar", tar.subarray(0, 20_000), 5, 5],
      // The unzipper may lose what it has in hand.
      ["cut.tar.gz", gzipped.subarray(0, 20_000), 5, 0],
      ["plain.tar.gz", tar, 0, 0],
      ["text.tar", new TextEncoder().encode("no archive at all".repeat(99)), 0, 0],
    ];
    for (const [name, bytes, packetsMax, packetsMin] of broken) {
      const path = join(folder, name);
      await Deno.writeFile(path, bytes);
      const given: Packet[] = [];
      const source = folderSource({ path, batchMax: 1, onUnreadable: assert.fail });
      await assert.rejects(async () => {
        for await (const { packets } of source.batches(never)) given.push(...packets);
      }, new RegExp(`Cannot read .*${name} as it must be a whole tar archive`));
      assert.ok(given.length >= packetsMin && given.length <= packetsMax, name);
    }
  });

  it("says so where the path isn't there, or holds no packet", async () => {
    await assert.rejects(
      read(join(folder, "nowhere")),
      /Cannot read packets as the path must exist: current value is .*nowhere/,
    );
    await assert.rejects(read(folder), /must hold one: it has no \.avro file/);
    const path = join(folder, "empty.tar");
    await Deno.writeFile(path, await tarOf(new Map([["a.txt", "text"]])));
    await assert.rejects(read(path), /must hold one: it has no \.avro file/);
    assert.throws(
      () => folderSource({ path: folder, batchMax: 0, onUnreadable: assert.fail }),
      /batchMax must be at least 1: current value is 0/,
    );
  });

  it("ends when it is aborted", async () => {
    await write();
    const stop = new AbortController();
    const source = folderSource({ path: folder, batchMax: 1, onUnreadable: assert.fail });
    let batches = 0;
    for await (const _ of source.batches(stop.signal)) {
      if (++batches === 2) stop.abort();
    }
    assert.equal(batches, 2);
    const before = folderSource({ path: folder, batchMax: 1, onUnreadable: assert.fail });
    assert.deepEqual(await Array.fromAsync(before.batches(AbortSignal.abort())), []);
  });

  it("reads the real packets of a survey", { skip: noSamples }, async () => {
    const { packets } = await read(`${SAMPLES_DIR}/alerts`, { survey: "ztf", batchMax: 100 });
    const expected = [...samplePackets("ztf").values()];
    assert.deepEqual(packets.map(({ bytes }) => bytes), expected);
  });
});
