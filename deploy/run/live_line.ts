/** Shows what a core does: a line that changes on a terminal, one now and then in a file. */
import type { Core } from "../../core/start.ts";

const TERMINAL_MS = 500;
const FILE_MS = 10_000;

/** Shows until it is disposed of; then once more, the last state. */
export function showCounts(core: Core): Disposable {
  const isTerminal = Deno.stderr.isTerminal();
  const encoder = new TextEncoder();
  let before = { atMs: performance.now(), stored: 0 };
  const show = (end: string) => {
    const { read, stored, rejected, scored, matched, passed } = core.counts.totals;
    const now = { atMs: performance.now(), stored };
    const rate = (now.stored - before.stored) / Math.max(1, now.atMs - before.atMs) * 1_000;
    before = now;
    const lags = [...core.sources.values()].map((source) => source.state().lag ?? 0);
    const lag = lags.reduce((sum, each) => sum + each, 0);
    const line = `read ${read}  stored ${stored} (${rate.toFixed(0)}/s)  rejected ${rejected}  ` +
      `scored ${scored}  matched ${matched}  passed ${passed}  lag ${lag}`;
    Deno.stderr.writeSync(encoder.encode(`${isTerminal ? "\r\x1b[K" : ""}${line}${end}`));
  };
  const timer = setInterval(
    () => show(isTerminal ? "" : "\n"),
    isTerminal ? TERMINAL_MS : FILE_MS,
  );
  let shown = false;
  return {
    [Symbol.dispose]() {
      clearInterval(timer);
      if (!shown) show("\n");
      shown = true;
    },
  };
}
