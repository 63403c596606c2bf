/** How well a network tells real from not: 1 is always, 0.5 is a coin. */
import { forward, type NamedLayer } from "./network.ts";
import type { Sample } from "./samples.ts";

/** The area under the receiver's curve: the chance that a real one scores above one that isn't. */
export function areaUnderCurve(
  network: readonly NamedLayer[],
  samples: readonly Sample[],
): number {
  const scored = samples.map(({ triplet, real }) => ({ real, score: forward(network, triplet) }));
  return rankedArea(scored);
}

export function rankedArea(scored: readonly { real: boolean; score: number }[]): number {
  const ranked = scored.toSorted((a, b) => a.score - b.score);
  let falseBelow = 0;
  let pairs = 0;
  for (const { real } of ranked) real ? pairs += falseBelow : falseBelow++;
  return pairs / (falseBelow * (ranked.length - falseBelow));
}
