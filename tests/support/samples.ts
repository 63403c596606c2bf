/** Real packets, catalogs and networks, where `SAMPLES_DIR` says they are; tests that need them are skipped where it isn't set. */

export const SAMPLES_DIR = Deno.env.get("SAMPLES_DIR");

/** `ignore: noSamples` on a test that needs real data. */
export const noSamples = SAMPLES_DIR === undefined;

/** The bytes of each sample packet of a survey, by file name without `.avro`. */
export function samplePackets(survey: string): Map<string, Uint8Array> {
  if (SAMPLES_DIR === undefined) return new Map();
  const folder = `${SAMPLES_DIR}/alerts/${survey}`;
  const names = [...Deno.readDirSync(folder)].map((entry) => entry.name)
    .filter((name) => name.endsWith(".avro")).sort();
  return new Map(
    names.map((name) => [name.slice(0, -".avro".length), Deno.readFileSync(`${folder}/${name}`)]),
  );
}
