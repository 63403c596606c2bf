/**
 * Checks the global heaps of an HDF5 file, where its texts of free length are. The library walks over
 * their objects without asking if a size is zero, so a damaged one would keep it there for ever.
 * (HDF5 File Format Specification 3.0, III.E.)
 */
import { NetworkError } from "./network.ts";

/** "GCOL", version 1: five bytes, which weights won't look like. Three more are not looked at. */
const SIGNATURE = 0x01_4c4f_4347n;
const HEADER_BYTES = 16;
/** Heaps and their objects start at multiples of this. */
const ALIGNMENT = 8;

/** Throws a `NetworkError` where the objects of a heap don't lead to its end. */
export function checkGlobalHeaps(bytes: Uint8Array): void {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  for (let at = 0; at + HEADER_BYTES <= bytes.length; at += ALIGNMENT) {
    if (BigInt.asUintN(40, view.getBigUint64(at, true)) === SIGNATURE && !leadsToItsEnd(view, at)) {
      throw new NetworkError("Cannot read the HDF5 file: its texts are damaged");
    }
  }
}

function leadsToItsEnd(view: DataView, start: number): boolean {
  const end = start + Number(view.getBigUint64(start + 8, true));
  if (end > view.byteLength) return false;
  let at = start + HEADER_BYTES;
  while (at + HEADER_BYTES <= end) { // What is left may be shorter than a header.
    const isFree = view.getUint16(at, true) === 0; // Its size has its header in it.
    const size = Number(view.getBigUint64(at + 8, true));
    const step = isFree ? size : HEADER_BYTES + Math.ceil(size / ALIGNMENT) * ALIGNMENT;
    if (step < HEADER_BYTES || at + step > end) return false;
    at += step;
  }
  return true;
}
