/** Files as a bad disk, a bad network or a bad sender makes them, for properties. */
import fc from "fast-check";

/** One of the files, cut, or with bytes of it changed; often near its beginning, where headers are. */
export function damagedFile(
  files: readonly Uint8Array<ArrayBuffer>[],
): fc.Arbitrary<Uint8Array<ArrayBuffer>> {
  return fc.constantFrom(...files).chain((file) => {
    const places = fc.oneof(fc.nat(file.length - 1), fc.nat(Math.min(file.length - 1, 6_000)));
    const change = fc.record({
      at: places,
      byte: fc.oneof(
        fc.nat(255),
        fc.constantFrom(...new TextEncoder().encode(" '/=0123456789-.ETZ")),
      ),
    });
    return fc.record({
      changes: fc.array(change, { minLength: 1, maxLength: 8 }),
      end: fc.option(places, { freq: 3 }),
    }).map(({ changes, end }) => {
      const bytes = file.slice();
      for (const { at, byte } of changes) bytes[at] = byte;
      return bytes.slice(0, end ?? bytes.length);
    });
  });
}
