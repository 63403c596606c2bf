/**
 * What has been read of Kafka and not been taken yet, and how far each partition may be committed.
 * Knows nothing of how it is read.
 */
import type { Packet } from "../../contract/packet.ts";

export interface TopicPartition {
  readonly topic: string;
  readonly partition: number;
}

export interface PartitionOffset extends TopicPartition {
  /** The next offset to read. */
  readonly offset: bigint;
}

/** What the brokers know of a partition, to tell how much waits. */
export interface PartitionEnds extends TopicPartition {
  /** Where the group goes on reading: what it has committed, else the partition's first offset. */
  readonly from: bigint;
  /** One past the partition's last offset. */
  readonly high: bigint;
}

export interface ReadAheadLimits {
  readonly packetsMax: number;
  readonly bytesMax: number;
}

/** Packets that were taken together. */
export interface Taken {
  readonly packets: readonly Packet[];
  /** Their partitions may now be committed past them, once that goes for all that was taken before. */
  finish(): void;
}

interface Partition extends TopicPartition {
  /** The next offset to read; null before the first packet. */
  position: bigint | null;
  /** The group's offset as far as we know it; null before the first commit. */
  committed: bigint | null;
  from: bigint | null;
  high: bigint | null;
  /** What was taken, in order: the offset behind it, and whether it is finished. */
  readonly taken: { readonly next: bigint; isFinished: boolean }[];
}

interface Entry {
  readonly packet: Packet;
  readonly next: bigint;
  readonly owner: Partition;
}

export class ReadAhead {
  readonly #limits: ReadAheadLimits;
  #isAssigned = false;
  #partitions = new Map<string, Partition>();
  #entries: Entry[] = [];
  #bytes = 0;
  #changed = Promise.withResolvers<void>();

  constructor(limits: ReadAheadLimits) {
    this.#limits = limits;
  }

  /**
   * Says which partitions are ours from now on, and returns where to go on in those that were ours
   * before. What was read of others is forgotten, and finishing it moves nothing: their new owner
   * reads it again.
   */
  assign(owned: readonly TopicPartition[]): PartitionOffset[] {
    this.#isAssigned = true;
    const before = this.#partitions;
    this.#partitions = new Map(
      owned.map((at) => [keyOf(at), before.get(keyOf(at)) ?? newPartition(at)]),
    );
    this.#keep(({ owner }) => this.#partitions.get(keyOf(owner)) === owner);
    return [...this.#partitions.values()].flatMap(({ topic, partition, position }) =>
      position === null ? [] : [{ topic, partition, offset: position }]
    );
  }

  /**
   * Packets of one partition, in order. `next` is the offset behind them, `high` the partition's end.
   * What was read before is left out.
   */
  add(at: TopicPartition, packets: readonly Packet[], next: bigint, high: bigint): void {
    let owner = this.#partitions.get(keyOf(at));
    if (!owner) return;
    if (owner.position !== null && high < owner.position) owner = this.#restart(owner);
    owner.high = high;
    packets.forEach((packet, i) => {
      if (owner.position !== null && packet.offset < owner.position) return;
      const behind = i === packets.length - 1 ? next : packet.offset + 1n;
      if (owner.position === null) owner.from = packet.offset;
      owner.position = behind;
      this.#entries.push({ packet, next: behind, owner });
      this.#bytes += packet.bytes.length;
    });
    this.#ring();
  }

  /** No more is to be read until it is low again. */
  get isFull(): boolean {
    return this.#entries.length >= this.#limits.packetsMax || this.#bytes >= this.#limits.bytesMax;
  }

  /** Half empty: a distance from full, so that reading isn't stopped and started for each packet. */
  get isLow(): boolean {
    return this.#entries.length <= this.#limits.packetsMax / 2 &&
      this.#bytes <= this.#limits.bytesMax / 2;
  }

  /**
   * Where reading stands, as text that changes with each packet, while more is known to wait in our
   * partitions and reading isn't held back; null otherwise.
   */
  get standstill(): string | null {
    const all = [...this.#partitions.values()];
    const waits = ({ position, from, high }: Partition) => {
      const next = position ?? from;
      return high !== null && next !== null && next < high;
    };
    if (!this.isLow || !all.some(waits)) return null;
    return all.map((partition) => `${keyOf(partition)}:${partition.position}`).join();
  }

  /** Resolves when there is something to take and it is a full batch, or `lingerMs` have passed, or on abort. */
  async filled(batch: ReadAheadLimits, lingerMs: number, signal: AbortSignal): Promise<void> {
    while (!signal.aborted && this.#entries.length === 0) await this.#change(signal);
    const isBatch = () =>
      this.#entries.length >= batch.packetsMax || this.#bytes >= batch.bytesMax || this.isFull;
    const lingerUntil = performance.now() + lingerMs;
    while (!signal.aborted && !isBatch() && performance.now() < lingerUntil) {
      await this.#change(signal, lingerUntil - performance.now());
    }
  }

  /** The oldest packets, at most as many as a batch holds, but at least one where there is one. */
  take(batch: ReadAheadLimits): Taken {
    let count = 0;
    let bytes = 0;
    while (count < Math.min(batch.packetsMax, this.#entries.length)) {
      const { length } = this.#entries[count]!.packet.bytes;
      if (count > 0 && bytes + length > batch.bytesMax) break;
      bytes += length;
      count++;
    }
    const entries = this.#entries.splice(0, count);
    this.#bytes -= bytes;
    const ends = new Map(entries.map(({ owner, next }) => [owner, next]));
    const marks = [...ends].map(([owner, next]) => {
      const mark = { next, isFinished: false };
      owner.taken.push(mark);
      return mark;
    });
    return {
      packets: entries.map(({ packet }) => packet),
      finish: () => {
        for (const mark of marks) mark.isFinished = true;
        this.#ring();
      },
    };
  }

  /** Where the group's offsets may move to: behind what is finished without a gap. */
  toCommit(): PartitionOffset[] {
    return [...this.#partitions.values()].flatMap(({ topic, partition, taken, committed }) => {
      const open = taken.findIndex(({ isFinished }) => !isFinished);
      const last = taken.at(open < 0 ? -1 : open - 1);
      if (!last || open === 0 || (committed !== null && last.next <= committed)) return [];
      return [{ topic, partition, offset: last.next }];
    });
  }

  /** The brokers hold this offset for the group. */
  committed({ offset, ...at }: PartitionOffset): void {
    const owner = this.#partitions.get(keyOf(at));
    if (!owner) return;
    owner.committed = offset;
    // The last one stays, so that what it allows is known when the brokers must be told again.
    while (owner.taken.length > 1 && owner.taken[0]!.next < offset) owner.taken.shift();
    this.#ring();
  }

  /** What the brokers say of our partitions; others are passed over. */
  learn(ends: readonly PartitionEnds[]): void {
    for (const { from, high, ...at } of ends) {
      const owner = this.#partitions.get(keyOf(at));
      if (!owner) continue;
      if (owner.position === null) owner.from = from; // Once we read, we know better.
      if (owner.high === null || high > owner.high) owner.high = high;
    }
  }

  /** Packets of our partitions that aren't committed yet; null until partitions and all of it are known. */
  lag(): number | null {
    if (!this.#isAssigned) return null;
    let lag = 0n;
    for (const { high, committed, from } of this.#partitions.values()) {
      const done = committed ?? from;
      if (high === null || done === null) return null;
      if (high > done) lag += high - done;
    }
    return Number(lag);
  }

  /** Resolves when all that was taken is committed, or on abort. */
  async settled(signal: AbortSignal): Promise<void> {
    const isOpen = ({ taken, committed }: Partition) =>
      taken.length > 0 && taken.at(-1)!.next !== committed;
    while (!signal.aborted && [...this.#partitions.values()].some(isOpen)) {
      await this.#change(signal);
    }
  }

  /** The topic was deleted and made anew: its offsets begin again, and what we held is of the old one. */
  #restart(owner: Partition): Partition {
    const fresh = newPartition(owner);
    this.#partitions.set(keyOf(owner), fresh);
    this.#keep((entry) => entry.owner !== owner);
    return fresh;
  }

  #keep(isKept: (entry: Entry) => boolean): void {
    this.#entries = this.#entries.filter(isKept);
    this.#bytes = this.#entries.reduce((sum, { packet }) => sum + packet.bytes.length, 0);
    this.#ring();
  }

  #ring(): void {
    this.#changed.resolve();
    this.#changed = Promise.withResolvers();
  }

  async #change(signal: AbortSignal, ms?: number): Promise<void> {
    const over = Promise.withResolvers<void>();
    const stop = () => over.resolve();
    const timer = ms === undefined ? undefined : setTimeout(stop, ms);
    signal.addEventListener("abort", stop);
    await Promise.race([this.#changed.promise, over.promise]);
    signal.removeEventListener("abort", stop);
    clearTimeout(timer);
  }
}

function newPartition({ topic, partition }: TopicPartition): Partition {
  return { topic, partition, position: null, committed: null, from: null, high: null, taken: [] };
}

function keyOf({ topic, partition }: TopicPartition): string {
  return `${topic}/${partition}`;
}
