/** A stream of simulated alerts: a source that needs no broker, no files and no network. */
import type { Batch, Packet, Source, SourceState } from "../contract/packet.ts";
import { simulate, type SimulatedPacket, type SimulateOptions } from "./simulator/simulate.ts";

const DAY_MS = 86_400_000;
/** Drawing a packet takes about a millisecond: after as long the loop's other work gets its turn. */
const TURN_MS = 15;

export interface SimulatorOptions extends Omit<SimulateOptions, "alerts"> {
  /** Null: without end, one night after the other. */
  readonly alerts: number | null;
  /** Alerts per second; null: as fast as they are asked for. */
  readonly rate: number | null;
  readonly batchMax: number;
  readonly clock?: Clock;
}

/** Time, in ms. */
export interface Clock {
  now(): number;
  /** Resolves at once when the signal is aborted. */
  sleep(ms: number, signal: AbortSignal): Promise<void>;
}

export interface SimulatorSource extends Source {
  /** Packets whose batch was committed. */
  readonly committed: number;
}

/** Throws a `RangeError` for a rate or a `batchMax` that isn't above 0. */
export function simulatorSource(options: SimulatorOptions): SimulatorSource {
  const { alerts, rate, batchMax, clock = realClock } = options;
  if (rate !== null && !(rate > 0)) {
    throw new RangeError(`Cannot simulate as the rate must be above 0: current value is ${rate}`);
  }
  if (!(batchMax >= 1)) {
    throw new RangeError(
      `Cannot simulate as batchMax must be at least 1: current value is ${batchMax}`,
    );
  }
  let [connected, given, committed] = [false, 0, 0];

  async function* batches(signal: AbortSignal): AsyncGenerator<Batch> {
    const packets = alerts === null ? nights(options) : simulate({ ...options, alerts });
    const startedMs = clock.now();
    let done = false;
    connected = true;
    try {
      while (!done && !signal.aborted) {
        const due = rate === null ? Infinity : await nextDue(rate, startedMs, signal);
        const size = Math.min(batchMax, due - given);
        const batch: Packet[] = [];
        let turnMs = performance.now();
        while (batch.length < size && !signal.aborted) {
          const { value, done: ended } = packets.next();
          if (ended) {
            done = true;
            break;
          }
          batch.push(packetOf(value, given++, clock.now()));
          if (performance.now() - turnMs > TURN_MS) {
            await turn();
            turnMs = performance.now();
          }
        }
        if (signal.aborted || batch.length === 0) return;
        yield {
          packets: batch,
          commit() {
            committed += batch.length;
            return Promise.resolve();
          },
        };
      }
    } finally {
      connected = false;
    }
  }

  /** Waits for the next packet's time; how many are due by then, given ones included. */
  async function nextDue(rate: number, startedMs: number, signal: AbortSignal): Promise<number> {
    const nextMs = startedMs + (given + 1) * 1000 / rate;
    const waitMs = nextMs - clock.now();
    if (waitMs > 0) await clock.sleep(waitMs, signal);
    return Math.max(given + 1, Math.floor((clock.now() - startedMs) * rate / 1000));
  }

  return {
    name: "simulator",
    batches,
    state: (): SourceState => ({ connected, lag: alerts === null ? null : alerts - given }),
    get committed() {
      return committed;
    },
  };
}

function* nights(options: SimulatorOptions): Generator<SimulatedPacket> {
  for (let nightMs = options.nightUtc.getTime();; nightMs += DAY_MS) {
    yield* simulate({ ...options, alerts: Infinity, nightUtc: new Date(nightMs) });
  }
}

function packetOf({ bytes, topic }: SimulatedPacket, number: number, timestampMs: number): Packet {
  return { bytes, topic, partition: 0, offset: BigInt(number), timestampMs };
}

function turn(): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, 0));
}

const realClock: Clock = {
  now: () => Date.now(),
  sleep: (ms, signal) =>
    new Promise((resolve) => {
      if (signal.aborted) return resolve();
      const wake = () => {
        clearTimeout(timer);
        signal.removeEventListener("abort", wake);
        resolve();
      };
      const timer = setTimeout(wake, ms);
      signal.addEventListener("abort", wake);
    }),
};
