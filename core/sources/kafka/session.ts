/** One stay in a consumer group: from joining it with a set of topics to leaving it. kafkajs is all here. */
import type { Consumer, EachBatchPayload, Kafka } from "kafkajs";
import type { Packet } from "../../contract/packet.ts";
import type { KafkaLog } from "./client.ts";
import type { PartitionOffset, ReadAhead, TopicPartition } from "./read_ahead.ts";

export interface SessionOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  readonly topics: readonly string[];
  /** A member that isn't heard for so long is taken for dead, and its partitions go to others. */
  readonly sessionMs: number;
  /** The most that one request to a broker brings of one partition, bytes as sent. */
  readonly fetchBytesMax: number;
  readonly readAhead: ReadAhead;
  readonly log: KafkaLog;
  /** The brokers answer: told at least every few seconds while that is so. */
  readonly onContact: () => void;
  /** Partitions were dealt, to us or to others. */
  readonly onAssigned: () => void;
}

/** Three may be missed before a member is taken for dead. */
const HEARTBEATS_PER_SESSION = 4;
/** How long a broker holds a request while there is nothing: also how soon reading goes on after a pause. */
const WAIT_MS_MAX = 250;
/** Leaving takes a request and its answer; brokers that are away don't answer. */
const LEAVE_MS_MAX = 5_000;
/** One broker's answer, over all of its partitions, bytes as sent. */
const ANSWER_BYTES_MAX = 16 * 1024 * 1024;
const NOTHING = new Uint8Array();

export class Session {
  readonly #options: SessionOptions;
  readonly #consumer: Consumer;
  readonly #failed = Promise.withResolvers<never>();
  #isActive = true;
  #isPaused = false;
  #assigned: readonly TopicPartition[] = [];

  constructor(options: SessionOptions) {
    const { kafka, groupId, fetchBytesMax, sessionMs } = options;
    this.#options = options;
    this.#consumer = kafka.consumer({
      groupId,
      sessionTimeout: sessionMs,
      heartbeatInterval: Math.floor(sessionMs / HEARTBEATS_PER_SESSION),
      maxWaitTimeInMs: WAIT_MS_MAX,
      maxBytesPerPartition: fetchBytesMax,
      maxBytes: ANSWER_BYTES_MAX,
      allowAutoTopicCreation: false, // Reading what isn't there must not make it.
    });
    this.#failed.promise.catch(() => {}); // Told to whoever asks; nobody may be asking yet.
  }

  /** Rejects when the stay is over for a reason that isn't ours; never resolves. */
  get failed(): Promise<never> {
    return this.#failed.promise;
  }

  /** Joins the group and reads into the read-ahead from then on. Rejects when no broker answers. */
  async start(): Promise<void> {
    const consumer = this.#consumer;
    const { events } = consumer;
    const { topics, readAhead, onContact } = this.#options;
    consumer.on(events.CRASH, ({ payload }) => this.#failed.reject(payload.error));
    consumer.on(events.HEARTBEAT, () => onContact());
    consumer.on(events.GROUP_JOIN, ({ payload }) => this.#join(payload.memberAssignment));
    // The one sign that the brokers took it: kafkajs also resolves when it just stopped.
    consumer.on(events.COMMIT_OFFSETS, ({ payload }) => {
      for (const { topic, partitions } of payload.topics) {
        for (const { partition, offset } of partitions) {
          readAhead.committed({ topic, partition, offset: BigInt(offset) });
        }
      }
    });
    await consumer.connect();
    await consumer.subscribe({ topics: [...topics], fromBeginning: true });
    await consumer.run({
      autoCommit: false,
      eachBatchAutoResolve: false,
      // Never waits: a member that holds up a batch sends no heartbeats and loses its partitions.
      eachBatch: (payload) => Promise.resolve(this.#read(payload)),
    });
  }

  /** Moves the group's offsets as far as they may. Doesn't reject: what failed is moved with the next. */
  async commit(): Promise<void> {
    const offsets = this.#options.readAhead.toCommit();
    if (!this.#isActive || offsets.length === 0) return;
    try {
      await this.#consumer.commitOffsets(offsets.map(toKafkaOffset));
    } catch (error) {
      this.#options.log("warn", "Cannot commit offsets now, so they move later", {
        error: (error as Error).message,
      });
    }
  }

  /** Goes on reading after a pause, if there is room again. */
  resume(): void {
    if (!this.#isPaused || !this.#isActive || !this.#options.readAhead.isLow) return;
    this.#isPaused = false;
    this.#consumer.resume(byTopic(this.#assigned));
  }

  /** Leaves the group, so that others needn't wait until we are taken for dead. */
  async stop(): Promise<void> {
    this.#isActive = false;
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, LEAVE_MS_MAX);
    const left = this.#consumer.disconnect().catch((error: Error) => {
      this.#options.log("warn", "Cannot leave the group in order", { error: error.message });
    });
    await Promise.race([left, late.promise]);
    clearTimeout(timer);
  }

  #join(assignment: Readonly<Record<string, readonly number[]>>): void {
    if (!this.#isActive) return;
    this.#assigned = Object.entries(assignment).flatMap(([topic, partitions]) =>
      partitions.map((partition) => ({ topic, partition }))
    );
    // What we have read of a partition that stays with us isn't read again.
    for (const position of this.#options.readAhead.assign(this.#assigned)) {
      this.#consumer.seek(toKafkaOffset(position));
    }
    // Said anew, since a partition that left while paused would come back paused.
    this.#isPaused &&= !this.#options.readAhead.isLow;
    if (this.#isPaused) this.#consumer.pause(byTopic(this.#assigned));
    else this.#consumer.resume(byTopic(this.#assigned));
    this.#options.onContact();
    this.#options.onAssigned();
  }

  #read({ batch, isStale, resolveOffset }: EachBatchPayload): void {
    if (!this.#isActive || isStale()) return;
    const { topic, partition } = batch;
    const { readAhead } = this.#options;
    const packets = batch.messages.map((message): Packet => ({
      // A copy: kafkajs gives a view of a whole answer, which would be kept, or posted, with it.
      bytes: new Uint8Array(message.value ?? NOTHING),
      topic,
      partition,
      offset: BigInt(message.offset),
      timestampMs: Number(message.timestamp),
    }));
    const next = BigInt(batch.lastOffset()) + 1n;
    readAhead.add({ topic, partition }, packets, next, BigInt(batch.highWatermark));
    resolveOffset(batch.messages.at(-1)!.offset);
    if (readAhead.isFull && !this.#isPaused) {
      this.#isPaused = true;
      this.#consumer.pause(byTopic(this.#assigned));
    }
  }
}

function toKafkaOffset({ topic, partition, offset }: PartitionOffset) {
  return { topic, partition, offset: String(offset) };
}

function byTopic(all: readonly TopicPartition[]): { topic: string; partitions: number[] }[] {
  const topics = Map.groupBy(all, ({ topic }) => topic);
  return [...topics].map(([topic, at]) => ({
    topic,
    partitions: at.map(({ partition }) => partition),
  }));
}
