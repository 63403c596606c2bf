/** Which topics are to be read now, and how much waits in them. */
import type { Admin, Kafka } from "kafkajs";
import type { PartitionEnds } from "./read_ahead.ts";

export interface TopicsOptions {
  readonly kafka: Kafka;
  readonly groupId: string;
  /** The topics of one night. */
  readonly topicsOf: (nightUtc: Date) => readonly string[];
  /** Nights before tonight whose topics are read too: their rest, or all of it after an outage. */
  readonly pastNights: number;
  readonly now: () => Date;
}

export interface TopicsSeen {
  /** Those that are there and to be read, sorted. */
  readonly topics: readonly string[];
  readonly ends: readonly PartitionEnds[];
}

const DAY_MS = 86_400_000;

/** Looks at the brokers, again and again. What isn't there yet is no error: it may come. */
export class Topics implements AsyncDisposable {
  readonly #options: TopicsOptions;
  #admin: Admin | null = null;
  #topics: readonly string[] = [];

  constructor(options: TopicsOptions) {
    this.#options = options;
  }

  /** Rejects when no broker answers; the next look connects anew. */
  async look(): Promise<TopicsSeen> {
    try {
      return await this.#look(this.#admin ??= await this.#connect());
    } catch (error) {
      await this[Symbol.asyncDispose]();
      throw error;
    }
  }

  async [Symbol.asyncDispose](): Promise<void> {
    const admin = this.#admin;
    this.#admin = null;
    await admin?.disconnect().catch(() => {}); // It is gone either way.
  }

  async #connect(): Promise<Admin> {
    const admin = this.#options.kafka.admin();
    await admin.connect();
    return admin;
  }

  async #look(admin: Admin): Promise<TopicsSeen> {
    const existing = new Set(await admin.listTopics());
    const wanted = nightlyTopics(this.#options);
    const recent = [...wanted].filter((topic) => existing.has(topic));
    // A night that is long past is read to its end, and then no more.
    const old = this.#topics.filter((topic) => !wanted.has(topic) && existing.has(topic));
    const ends = await this.#ends(admin, [...recent, ...old]);
    const waiting = new Set(ends.filter(({ from, high }) => from < high).map(({ topic }) => topic));
    this.#topics = [...recent, ...old.filter((topic) => waiting.has(topic))].sort();
    return { topics: this.#topics, ends };
  }

  async #ends(admin: Admin, topics: readonly string[]): Promise<PartitionEnds[]> {
    if (topics.length === 0) return [];
    const { groupId } = this.#options;
    const group = new Map<string, bigint>();
    for (
      const { topic, partitions } of await admin.fetchOffsets({ groupId, topics: [...topics] })
    ) {
      for (const { partition, offset } of partitions) {
        group.set(`${topic}/${partition}`, BigInt(offset));
      }
    }
    const perTopic = topics.map(async (topic) =>
      (await admin.fetchTopicOffsets(topic)).map(({ partition, low, high }): PartitionEnds => {
        const committed = group.get(`${topic}/${partition}`) ?? -1n; // -1: nothing is committed.
        // What was deleted before it was read waits no more.
        const from = committed > BigInt(low) ? committed : BigInt(low);
        return { topic, partition, from, high: BigInt(high) };
      })
    );
    return (await Promise.all(perTopic)).flat();
  }
}

/** The topics of tonight and of the nights before it that are still read. */
export function nightlyTopics(
  { topicsOf, pastNights, now }: Pick<TopicsOptions, "topicsOf" | "pastNights" | "now">,
): Set<string> {
  const nights = Array.from({ length: pastNights + 1 }, (_, ago) => +now() - ago * DAY_MS);
  return new Set(nights.flatMap((night) => topicsOf(new Date(night))));
}
