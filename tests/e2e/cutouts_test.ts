/** Cutouts from a client to MongoDB and back: who gets which, as what, and what is told instead. */
import { gzipSync } from "node:zlib";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { Binary, Long } from "mongodb";
import { readStamp } from "../../core/pipeline/fits.ts";
import { fitsOf } from "../../core/pipeline/packets_for_tests.ts";
import { startApi, type TestApi } from "../support/api.ts";
import { readPng } from "../support/png.ts";
import { noSamples, samplePackets } from "../support/samples.ts";
import { decodePacket } from "../../core/pipeline/decode.ts";
import ztf from "../../catalogs/live/ztf.ts";

const GUEST = { username: "guest", password: "a password of guests" };
/** Beyond 2^53: its neighbour is another alert. */
const CANDID = "1127561445515015011";
const SIDE = 63;
const PIXELS = Array.from({ length: SIDE * SIDE }, (_, i) => (i * 7919) % 1013);
const STAMP = gzipSync(fitsOf({ width: SIDE, height: SIDE, pixels: PIXELS }));

let api: TestApi;

beforeAll(async () => {
  api = await startApi();
  const cutout = (fileName: string, bytes: Uint8Array) => ({
    fileName,
    stampData: new Binary(bytes),
  });
  const alert = (candid: string, programid: number, fields = {}) => ({
    candid: Long.fromString(candid),
    candidate: { programid },
    cutoutScience: cutout(`candid${candid}_targ_sci.fits.gz`, STAMP),
    cutoutDifference: cutout("../../a\r\nset-cookie: b.fits.gz", STAMP),
    ...fields,
  });
  await api.database.client.db(api.database.name).collection("ZTF_alerts").insertMany([
    alert(CANDID, 1),
    alert("1127561445515015012", 3, { cutoutScience: cutout("x", STAMP.subarray(0, 900)) }),
    alert("5", 1, { cutoutScience: new Binary(STAMP), cutoutTemplate: null }),
    alert("6", 1, { cutoutScience: cutout("x.gz", STAMP.subarray(0, 900)) }),
  ]);
  const added = await fetch(`${api.edge.url}/api/users`, {
    method: "POST",
    headers: { authorization: await api.token() },
    body: JSON.stringify(GUEST),
  });
  assertEquals(await added.json().then(({ status }) => status), "success");
});
afterAll(async () => {
  assertEquals(api.errors, []);
  await api[Symbol.asyncDispose]();
});

async function get(path: string, headers: Record<string, string> = {}, user?: typeof GUEST) {
  return await fetch(`${api.edge.url}/api/cutouts/${path}`, {
    headers: { authorization: await api.token(user), ...headers },
  });
}

async function bytesOf(response: Response): Promise<Uint8Array> {
  assertEquals(response.status, 200);
  return new Uint8Array(await response.arrayBuffer());
}

describe("GET /api/cutouts/:survey/:candid/:cutout/:file_format", () => {
  it("gives a plain FITS file, turned, under the survey's own name in quotes", async () => {
    const response = await get(`ztf/${CANDID}/science/fits`);
    assertEquals(response.headers.get("content-type"), "image/fits");
    assertEquals(
      response.headers.get("content-disposition"),
      `Attachment; filename="candid${CANDID}_targ_sci.fits"`,
    );
    const { pixels } = readStamp(await bytesOf(response));
    assertEquals([...pixels.subarray(0, SIDE)], PIXELS.slice(-SIDE));
  });

  it("gives a picture of 168 x 168 pixels", async () => {
    const response = await get(`ZTF/${CANDID}/Science/png?cmap=Viridis`);
    assertEquals(response.headers.get("content-type"), "image/png");
    const { width, height } = readPng(await bytesOf(response));
    assertEquals([width, height], [168, 168]);
  });

  it("reads surveys that store bytes, and makes up a name where there is none", async () => {
    const response = await get("ztf/5/science/fits");
    assert(
      /"ztf_5_science\.fits"/.test(response.headers.get("content-disposition")!),
      response.headers.get("content-disposition")!,
    );
    assertEquals(readStamp(await bytesOf(response)).width, SIDE);
  });

  it("puts nothing of an alert into headers that isn't the name of a file", async () => {
    const response = await get(`ztf/${CANDID}/difference/fits`);
    await bytesOf(response);
    assertEquals(
      response.headers.get("content-disposition"),
      `Attachment; filename="ztf_${CANDID}_difference.fits"`,
    );
    assertEquals(response.headers.get("set-cookie"), null);
  });

  it("draws as asked; what it doesn't know counts as not asked for", async () => {
    const draw = async (search: string, cutout = "science") =>
      (await bytesOf(await get(`ztf/${CANDID}/${cutout}/png${search}`))).toHex();
    const plain = await draw("");
    for (const same of ["?stretch=LOG", "?stretch=x", "?interval=x&cmap=", "?cmap=jet", "?a=1"]) {
      assert(await draw(same) === plain, same);
    }
    for (
      const other of ["?stretch=linear", "?interval=min_max", "?interval=ZScale", "?cmap=gray"]
    ) {
      assert(await draw(other) !== plain, other);
    }
    // Of a difference, a line is what is drawn unless somebody asks otherwise.
    const difference = await draw("", "difference");
    assert(difference === await draw("?stretch=linear", "difference"));
    assert(difference !== await draw("?stretch=x", "difference"));
  });

  it("may be kept by who asked, who then is told that nothing has changed", async () => {
    const first = await get(`ztf/${CANDID}/science/png`);
    const tag = first.headers.get("etag")!;
    assert(/^"[\w-]{16}"$/.test(tag), tag);
    assert(
      /^private, immutable/.test(first.headers.get("cache-control")!),
      first.headers.get("cache-control")!,
    );
    await bytesOf(first);
    for (const known of [tag, `W/${tag}`, `"x", ${tag}`]) {
      const again = await get(`ztf/${CANDID}/science/png`, { "if-none-match": known });
      assertEquals([again.status, again.headers.get("etag")], [304, tag]);
      assertEquals(await again.text(), "");
    }
    await bytesOf(await get(`ztf/${CANDID}/science/png`, { "if-none-match": '"x"' }));
  });

  it("shows nobody an alert of a foreign programid, not even one that was drawn for another", async () => {
    const path = "ztf/1127561445515015012/difference/png";
    const drawn = await get(path);
    const tag = drawn.headers.get("etag")!;
    await bytesOf(drawn);
    const response = await get(path, { "if-none-match": tag }, GUEST);
    assertEquals([response.status, await response.json()], [400, {
      status: "error",
      message: "ztf alert 1127561445515015012 not found",
    }]);
    await bytesOf(await get(`ztf/${CANDID}/science/png`, {}, GUEST));
  });

  for (
    const [path, message] of [
      ["sdss/5/science/png", "survey sdss must be one of [ztf]"],
      ["ztf/5/nothing/png", "cutout nothing not in ['science', 'template', 'difference']"],
      ["ztf/5/science/jpg", "file format jpg not in ['fits', 'png']"],
      ["ztf/5/science/PNG", "file format PNG not in ['fits', 'png']"],
      ["ztf/7/science/png", "ztf alert 7 not found"],
      ["ztf/1127561445515015010/science/png", "ztf alert 1127561445515015010 not found"],
      ["ztf/5/template/png", "cutout template not found in ztf alert 5"],
      ["ztf/x/science/png", "failure: candid must be an integer of 64 bits: current value is x"],
      ["ztf/9223372036854775808/science/png", /integer of 64 bits/],
      ["ztf/6/science/png", "failure: unexpected end of file"],
      ["ztf/6/science/fits", "failure: unexpected end of file"],
    ] as const
  ) {
    it(`says what is wrong with ${path}, and no more`, async () => {
      const response = await get(path);
      const told = await response.json();
      assertEquals([response.status, told.status], [400, "error"]);
      if (typeof message === "string") assertEquals(told.message, message);
      else assert(message.test(told.message), told.message);
    });
  }

  it("answers whatever the path says with an error that is the caller's", async () => {
    const part = fc.oneof(
      fc.constantFrom("ztf", "5", "science", "png", "%00", "%ff", "..%2f", "__proto__", "-1"),
      fc.string({ unit: "grapheme", minLength: 1, maxLength: 8 }).map(encodeURIComponent),
    );
    await fc.assert(
      fc.asyncProperty(fc.tuple(part, part, part, part), async (parts) => {
        const response = await get(parts.join("/"));
        await response.body?.cancel();
        assert([200, 400, 404].includes(response.status), `${response.status} ${parts}`);
      }),
      { numRuns: 60 },
    );
  });

  it("draws every cutout of the sample packets", { skip: noSamples }, async () => {
    const alerts = api.database.client.db(api.database.name).collection("ZTF_alerts");
    for (const bytes of samplePackets("ztf").values()) {
      const { candid, cutouts, candidate } = ztf.toAlert(decodePacket(bytes)[0]!);
      const document = Object.fromEntries(
        Object.entries(cutouts).map(([kind, stamp]) => [
          `cutout${kind}`,
          { fileName: "a.fits.gz", stampData: new Binary(stamp!) },
        ]),
      );
      const own = { candid: Long.fromBigInt(BigInt(candid) + 1_000_000n), ...document };
      await alerts.insertOne({ ...own, candidate: { programid: candidate.programid } });
      for (const cutout of ["science", "template", "difference"]) {
        readPng(await bytesOf(await get(`ztf/${own.candid}/${cutout}/png?interval=zscale`)));
      }
    }
  });
});
