/** What a source hands to the broker: packets as they came off the wire, in batches that can be committed. */

/** One packet, undecoded, and where it came from. */
export interface Packet {
  readonly bytes: Uint8Array;
  readonly topic: string;
  readonly partition: number;
  /** Kafka's offset; a running number for other sources. */
  readonly offset: bigint;
  /** When the packet was handed to Kafka, ms since 1970; for other sources, when it was read. */
  readonly timestampMs: number;
}

/** A packet that can't become an alert, and why. */
export interface RejectedPacket {
  readonly packet: Packet;
  readonly reason: string;
}

/** Packets that are committed together. A partition's batches are given, and committed, in order. */
export interface Batch {
  readonly packets: readonly Packet[];
  /** Moves the source's offset past this batch. Called once the archive and the outbox hold it. */
  commit(): Promise<void>;
}

/** How much a source has been read. `null` where it can't be told. */
export interface SourceState {
  readonly connected: boolean;
  /** Packets that wait at the source. */
  readonly lag: number | null;
}

export interface Source {
  readonly name: string;
  /**
   * Batches, until the source ends or the signal is aborted (then it returns; it does not throw).
   * It reads ahead by no more than a bounded number of packets: asking slowly is back-pressure.
   */
  batches(signal: AbortSignal): AsyncIterable<Batch>;
  state(): SourceState;
}
