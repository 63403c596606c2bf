/** Packets for tests that must run everywhere: simulated, as a source hands them over. */
import type { Packet } from "../../core/contract/packet.ts";
import { simulate, type SimulateOptions } from "../../core/sources/simulator/simulate.ts";

/** A night that tests share; another seed gives other objects, so that tests may share a database. */
const TEST_NIGHT = new Date("2025-10-12T06:00:00Z");

export type FakePacketsOptions = Partial<SimulateOptions> & { readonly alerts: number };

/** Each topic has one partition, whose offsets count from 0. */
export function fakePackets(options: FakePacketsOptions): Packet[] {
  const next = new Map<string, bigint>();
  return fakeAlerts(options).map(({ bytes, topic }) => {
    const offset = next.get(topic) ?? 0n;
    next.set(topic, offset + 1n);
    return { bytes, topic, partition: 0, offset, timestampMs: TEST_NIGHT.getTime() };
  });
}

/** The same, with what the simulator knows of each. */
export function fakeAlerts(options: FakePacketsOptions) {
  return [...simulate({ seed: 1, nightUtc: TEST_NIGHT, ...options })];
}
