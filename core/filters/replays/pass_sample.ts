/**
 * Some of a replay's passes, taken by chance: those whose ids have the smallest hashes. The same ones
 * come out however the passes were cut into batches, and wherever the replay was interrupted.
 */

/** A pass that may be kept. */
export interface Sampled {
  readonly candid: number | bigint;
}

/** `size` of those kept so far and the new ones; `kept` itself where no new one is among them. */
export function sampleOf<Pass extends Sampled>(
  kept: readonly Pass[],
  passes: readonly Pass[],
  size: number,
): readonly Pass[] {
  const isIn = new Set(kept.map(({ candid }) => candid));
  const worst = kept.length < size ? Infinity : Math.max(...kept.map(hashOf));
  const better = passes.filter((pass) => !isIn.has(pass.candid) && hashOf(pass) <= worst);
  if (better.length === 0) return kept;
  const sample = [...kept, ...better].sort(byHash).slice(0, size);
  return sample.every(({ candid }) => isIn.has(candid)) ? kept : sample;
}

function byHash(a: Sampled, b: Sampled): number {
  return hashOf(a) - hashOf(b) || (a.candid < b.candid ? -1 : 1);
}

/** FNV-1a of the digits, its bits mixed once more: neighbours in number are none in order. */
export function hashOf({ candid }: Sampled): number {
  let hash = 0x811c9dc5;
  for (const digit of String(candid)) {
    hash = Math.imul(hash ^ digit.charCodeAt(0), 0x01000193);
  }
  hash = Math.imul(hash ^ (hash >>> 15), 0x2c1b3c6d);
  return (hash ^ (hash >>> 13)) >>> 0;
}
