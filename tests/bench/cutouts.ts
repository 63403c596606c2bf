/** What a picture of a cutout costs, from the gzipped FITS of an alert to a PNG. */
import { deflateSync, gunzipSync, inflateSync } from "node:zlib";
import ztf from "../../catalogs/live/ztf.ts";
import { CUTOUT_KINDS } from "../../core/contract/survey.ts";
import { makeCutout } from "../../core/cutouts/cutout.ts";
import { drawPicture } from "../../core/cutouts/picture.ts";
import { decodePacket } from "../../core/pipeline/decode.ts";
import { readStamp, type Stamp } from "../../core/pipeline/fits.ts";
import { packetsOf } from "./ingest_sky.ts";
import type { BenchResult } from "./main.ts";

const PICTURE_MS_MAX = 1;
const PLAIN = { stretch: "log", interval: "asymmetric_percentile", cmap: "bone" } as const;

export async function bench(args: string[]): Promise<BenchResult> {
  const turns = args.includes("--small") ? 2 : 10;
  const stored = [...packetsOf(40, 0)].flatMap(({ bytes }) =>
    decodePacket(bytes).map(ztf.toAlert).flatMap(({ cutouts }) =>
      CUTOUT_KINDS.flatMap((kind) => cutouts[kind] ?? [])
    )
  );
  const stamps = stored.map(readStamp);
  const draw = (style: Parameters<typeof drawPicture>[2]) => (stamp: Stamp) =>
    drawPicture(stamp, "upside-down", style).length;
  // IDAT stands behind the signature and IHDR: 8 + 25 bytes, and 8 of its own.
  const rows = stamps.map((stamp) =>
    inflateSync(drawPicture(stamp, "upside-down", PLAIN).subarray(41))
  );
  const ms = {
    "gunzip alone": quickest(stored, turns, (gz) => gunzipSync(gz).length),
    "zlib alone": quickest(rows, turns, (pixels) => deflateSync(pixels, { level: 1 }).length),
    "read": quickest(stored, turns, (gz) => readStamp(gz).width),
    "drawn by default": quickest(stamps, turns, draw(PLAIN)),
    "drawn with zscale": quickest(stamps, turns, draw({ ...PLAIN, interval: "zscale" })),
    "drawn with asinh": quickest(stamps, turns, draw({ ...PLAIN, stretch: "asinh" })),
    "read and drawn": quickest(
      stored,
      turns,
      (gz) => makeCutout(gz, "upside-down", "png", PLAIN).length,
    ),
    "as FITS": quickest(stored, turns, (gz) => makeCutout(gz, "upside-down", "fits", PLAIN).length),
  };
  console.table(Object.fromEntries(
    Object.entries(ms).map(([name, value]) => [name, { "ms a cutout": value.toFixed(3) }]),
  ));
  const value = ms["drawn by default"];
  return await Promise.resolve({
    figures: { msACutout: ms, drawnByZlib: value / ms["zlib alone"] },
    reach: [{
      what: "a picture, ms",
      value,
      limit: `below ${PICTURE_MS_MAX}`,
      ok: value < PICTURE_MS_MAX,
    }],
  });
}

/** The mean over all items in the quickest of several turns, ms: the others had company. */
function quickest<T>(items: readonly T[], turns: number, work: (item: T) => number): number {
  let least = Infinity;
  let bytes = 0;
  for (let turn = 0; turn <= turns; turn++) {
    const startMs = performance.now();
    for (const item of items) bytes += work(item);
    if (turn > 0) least = Math.min(least, (performance.now() - startMs) / items.length);
  }
  if (bytes === 0) throw new Error("Cannot measure work that makes nothing");
  return least;
}
