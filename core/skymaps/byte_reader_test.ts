import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { gzipped } from "../../tests/fakes/fits_maps.ts";
import { ByteReader, BytesError } from "./byte_reader.ts";

describe("ByteReader", () => {
  it("reads and skips what is in the file, gzipped or not", async () => {
    const files = fc.uint8Array({ minLength: 1, maxLength: 200_000 });
    const steps = fc.array(fc.record({ count: fc.nat(50_000), isRead: fc.boolean() }));
    await fc.assert(
      fc.asyncProperty(files, fc.boolean(), steps, async (bytes, isGzip, steps) => {
        const file = new Uint8Array(bytes);
        const reader = new ByteReader(isGzip ? await gzipped(file) : file, file.length);
        let at = 0;
        for (const { count, isRead } of steps) {
          if (at + count > file.length) {
            await assertRejects(() => reader.skip(file.length - at + 1), BytesError, "too early");
            return;
          }
          if (isRead && count > 0) {
            assertEquals(await reader.read(count), file.subarray(at, at + count));
          } else await reader.skip(count);
          at += count;
        }
      }),
      { numRuns: 50 },
    );
  });

  it("knows the end from an end too early", async () => {
    const reader = new ByteReader(new Uint8Array(10), 10);
    assertEquals((await reader.read(4))!.length, 4);
    assertEquals((await reader.read(6))!.length, 6);
    assertEquals(await reader.read(1), undefined);
    await assertRejects(() => new ByteReader(new Uint8Array(10), 10).read(11), BytesError);
  });

  it("18. stops a file that unpacks to more than it may", async () => {
    const bomb = await gzipped(new Uint8Array(32 * 1024 * 1024));
    const reader = new ByteReader(bomb, 1024 * 1024);
    await assertRejects(() => reader.skip(32 * 1024 * 1024), BytesError, "must be <= 1048576");
  });

  it("says where a file can't be unpacked", async () => {
    const packed = await gzipped(new Uint8Array(1000));
    packed[20]! ^= 0xff;
    const reader = new ByteReader(packed, 10_000);
    await assertRejects(() => reader.skip(2000), BytesError);
  });
});
