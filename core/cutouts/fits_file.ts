/** A cutout as a FITS file of one image (FITS 4.0): turned, its header as it was but for what that changes. */
import type { CutoutOrientation } from "../contract/survey.ts";
import type { FitsImage } from "../pipeline/fits.ts";
import { turn } from "./orientation.ts";
import { formatCard, keyOf, turnedCards } from "./wcs.ts";

const BLOCK_BYTES = 2880;
const CARD_BYTES = 80;
const SPACE = 0x20;

export function writeFits(
  image: FitsImage,
  orientation: CutoutOrientation,
): Uint8Array<ArrayBuffer> {
  const { source, width, height } = turn(image, orientation);
  const cards = orientation === "as-is"
    ? image.cards
    : turnedCards(image, orientation).map((card) => {
      if (keyOf(card) === "NAXIS1") return formatCard("NAXIS1", width);
      if (keyOf(card) === "NAXIS2") return formatCard("NAXIS2", height);
      return card;
    });
  const header = [
    // Some surveys' own is malformed, or isn't there, which strict readers refuse.
    formatCard("SIMPLE", "T"),
    ...cards.filter((card) => !["SIMPLE", "XTENSION", ...CHECKSUMS].includes(keyOf(card))),
    "END".padEnd(CARD_BYTES),
  ];
  const { data, bytesPerPixel } = image;
  const dataStart = blocks(header.length * CARD_BYTES);
  const file = new Uint8Array(dataStart + blocks(data.length));
  file.fill(SPACE, 0, dataStart);
  header.forEach((card, i) => file.set(ascii(card), i * CARD_BYTES));
  for (let i = 0, to = dataStart; i < source.length; i++, to += bytesPerPixel) {
    const from = source[i]! * bytesPerPixel;
    for (let byte = 0; byte < bytesPerPixel; byte++) file[to + byte] = data[from + byte]!;
  }
  return file;
}

/** Of the file as it was; nobody misses them. */
const CHECKSUMS = ["CHECKSUM", "DATASUM"];

function blocks(bytes: number): number {
  return Math.ceil(bytes / BLOCK_BYTES) * BLOCK_BYTES;
}

/** A header may hold nothing else. */
function ascii(card: string): Uint8Array {
  return new TextEncoder().encode(card.replaceAll(/[^\x20-\x7e]/g, "?"));
}
