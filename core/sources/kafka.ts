/**
 * Packets from Kafka: the nightly topics of a survey, read by one group that all cores share.
 *
 * Nothing is lost: a partition's offset moves only behind batches that were committed, and what a core
 * read but didn't commit is read again, by it or by who takes its partitions. Midnight, new and missing
 * topics, brokers that go away and rebalances are all seen to in here; the reader just gets batches.
 */
import { setTimeout as sleep } from "node:timers/promises";
import type { Batch, Source, SourceState } from "../contract/packet.ts";
import { createKafka, type KafkaConnection } from "./kafka/client.ts";
import { ReadAhead, type ReadAheadLimits } from "./kafka/read_ahead.ts";
import { Session } from "./kafka/session.ts";
import { Topics, type TopicsSeen } from "./kafka/topics.ts";

export interface KafkaSourceOptions extends KafkaConnection {
  /** The survey's, as metrics name it. */
  readonly name: string;
  /** Of this survey alone, the same in all cores and after each restart: where to go on is kept by it. */
  readonly groupId: string;
  /** The topics of one night; each is read from its beginning. */
  readonly topics: (nightUtc: Date) => readonly string[];
  /** Nights before tonight whose topics are read too. After them a topic is read to its end and dropped. */
  readonly pastNights?: number;
  readonly now?: () => Date;
  /** How often new topics, and how much waits in them, are looked for. */
  readonly topicsCheckMs?: number;
  /** A batch holds no more packets and bytes than this, but at least one packet. */
  readonly batchMax?: number;
  readonly batchBytesMax?: number;
  /** How long a packet waits for more to come before it goes as a smaller batch. */
  readonly lingerMs?: number;
  /** Reading pauses when so much waits to be taken; what was asked of the brokers by then comes on top. */
  readonly readAheadMax?: number;
  readonly readAheadBytesMax?: number;
  /** The most that one request brings of one partition, bytes as sent. */
  readonly fetchBytesMax?: number;
  /**
   * A core that isn't heard for so long is taken for dead. Also how long one that was killed is waited
   * for when it starts again; brokers take 6 s and more by default.
   */
  readonly sessionMs?: number;
  /**
   * Packets are read within a second of coming. Where they wait for so long, the client has stopped
   * fetching without a word, and only a new one goes on.
   */
  readonly standstillMs?: number;
  /** After an abort, how long we stay in the group for batches to be committed. */
  readonly drainMs?: number;
}

const MB = 1024 * 1024;
const DEFAULTS = {
  pastNights: 2,
  now: () => new Date(),
  topicsCheckMs: 30_000,
  batchMax: 500,
  batchBytesMax: 48 * MB,
  lingerMs: 100,
  readAheadMax: 2_000,
  readAheadBytesMax: 96 * MB,
  fetchBytesMax: 4 * MB,
  sessionMs: 10_000,
  standstillMs: 30_000,
  drainMs: 15_000,
};
type Options = KafkaSourceOptions & typeof DEFAULTS;

/** Brokers that are away are asked again after so long; each time twice as long. */
const RETRY_MS = 500;
const RETRY_MS_MAX = 30_000;
/** A member that had no answer for so long has no place in the group any more. */
const SILENCE_MS_MAX = 60_000;
/** To leave in order takes far less; a connection that is being made to nobody is not waited for. */
const CLOSE_MS_MAX = 10_000;

/** A source of one survey. It can be read once at a time. */
export function kafkaSource(options: KafkaSourceOptions): Source {
  const all: Options = { ...DEFAULTS, ...options };
  let reading: Reading | null = null;
  return {
    name: options.name,
    async *batches(signal) {
      if (reading) throw new Error(`Cannot read ${options.name} twice at once`);
      reading = new Reading(all);
      try {
        yield* reading.batches(signal);
      } finally {
        await reading.close(signal.aborted ? all.drainMs : 0);
        reading = null;
      }
    },
    state: () => reading?.state() ?? { connected: false, lag: null },
  };
}

class Reading {
  readonly #options: Options;
  readonly #readAhead: ReadAhead;
  readonly #topics: Topics;
  readonly #closing = new AbortController();
  readonly #kafka;
  readonly #running: Promise<void>;
  #session: Session | null = null;
  #committing: Promise<void> = Promise.resolve();
  #seen: TopicsSeen = { topics: [], ends: [] };
  #isConnected = false;
  #contactMs = 0;
  #stands: { readonly at: string | null; sinceMs: number } = { at: null, sinceMs: 0 };
  #tries = 0;

  constructor(options: Options) {
    this.#options = options;
    this.#readAhead = new ReadAhead({
      packetsMax: options.readAheadMax,
      bytesMax: options.readAheadBytesMax,
    });
    this.#kafka = createKafka(options);
    this.#topics = new Topics({ ...options, kafka: this.#kafka, topicsOf: options.topics });
    this.#running = this.#run();
  }

  async *batches(signal: AbortSignal): AsyncGenerator<Batch> {
    const { batchMax, batchBytesMax, lingerMs } = this.#options;
    const batch: ReadAheadLimits = { packetsMax: batchMax, bytesMax: batchBytesMax };
    while (true) {
      await this.#readAhead.filled(batch, lingerMs, signal);
      if (signal.aborted) return;
      const { packets, finish } = this.#readAhead.take(batch);
      this.#session?.resume();
      // Its partitions may have gone to another core while it lingered.
      if (packets.length === 0) continue;
      const commit = async () => {
        finish();
        await this.#commit();
      };
      yield { packets, commit };
    }
  }

  state(): SourceState {
    const connected = this.#isConnected;
    if (connected && this.#seen.topics.length === 0) return { connected, lag: 0 };
    return { connected, lag: this.#readAhead.lag() };
  }

  async close(drainMs: number): Promise<void> {
    await this.#readAhead.settled(AbortSignal.timeout(drainMs));
    this.#closing.abort();
    const late = Promise.withResolvers<void>();
    const timer = setTimeout(late.resolve, CLOSE_MS_MAX);
    await Promise.race([this.#running, late.promise]);
    clearTimeout(timer);
  }

  /** One after the other, each with all that may be moved by then. */
  #commit(): Promise<void> {
    return this.#committing = this.#committing.then(() => this.#session?.commit());
  }

  async #run(): Promise<void> {
    const { topicsCheckMs, log } = this.#options;
    while (!this.#closing.signal.aborted) {
      try {
        await this.#look();
        this.#isConnected = true;
        if (this.#seen.topics.length > 0) await this.#stay(this.#seen.topics);
        else await this.#pause(topicsCheckMs);
      } catch (error) {
        this.#isConnected = false;
        const waitMs = Math.min(RETRY_MS_MAX, RETRY_MS * 2 ** this.#tries++) *
          (0.5 + Math.random() / 2);
        const { message } = error as Error;
        log("warn", `Kafka is away, tried again in ${Math.round(waitMs)} ms`, { error: message });
        await this.#pause(waitMs);
      }
    }
    this.#isConnected = false;
    await this.#topics[Symbol.asyncDispose]();
  }

  /** In the group with these topics, until others are to be read. kafkajs takes no more while it runs. */
  async #stay(topics: readonly string[]): Promise<void> {
    const session = new Session({
      ...this.#options,
      kafka: this.#kafka,
      topics,
      readAhead: this.#readAhead,
      onContact: () => {
        this.#contactMs = performance.now();
        this.#isConnected = true;
        this.#tries = 0;
      },
      onAssigned: () => {
        this.#readAhead.learn(this.#seen.ends);
        this.#commit(); // What couldn't be moved when it was time.
      },
    });
    try {
      this.#session = session;
      this.#contactMs = performance.now();
      await session.start();
      while (!this.#closing.signal.aborted) {
        await Promise.race([this.#pause(this.#options.topicsCheckMs), session.failed]);
        if (performance.now() - this.#contactMs > SILENCE_MS_MAX) {
          throw new Error(`No broker has answered for ${SILENCE_MS_MAX / 1000} s`);
        }
        await this.#lookAgain();
        this.#watchReading();
        if (this.#seen.topics.join() !== topics.join()) return;
      }
    } finally {
      this.#session = null;
      await session.stop();
    }
  }

  /** Throws, once for each place, where reading has stood still for too long. */
  #watchReading(): void {
    const { standstillMs } = this.#options;
    const at = this.#readAhead.standstill;
    const nowMs = performance.now();
    if (at !== this.#stands.at) this.#stands = { at, sinceMs: nowMs };
    if (at === null || nowMs - this.#stands.sinceMs < standstillMs) return;
    // What a transaction leaves behind its packets is never given to us, and looks the same.
    this.#stands.sinceMs = Infinity;
    throw new Error(`Nothing was read for ${standstillMs / 1000} s though packets wait: ${at}`);
  }

  async #look(): Promise<void> {
    this.#seen = await this.#topics.look();
    this.#readAhead.learn(this.#seen.ends);
  }

  /** While we are in the group a look that fails changes nothing: the session knows if brokers are away. */
  async #lookAgain(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      this.#options.log("warn", "Cannot look for topics now", { error: (error as Error).message });
    }
  }

  async #pause(ms: number): Promise<void> {
    await sleep(ms, undefined, { signal: this.#closing.signal }).catch(() => {});
  }
}
