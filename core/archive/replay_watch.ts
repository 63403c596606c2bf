/** Follows replays for those who wait for them: however many these are, with one read for all at a time. */
import type { Db } from "mongodb";
import { sleep } from "../base/retry.ts";
import type { ObjectId } from "../contract/document.ts";
import { UnavailableError } from "../contract/query.ts";
import { RESTING } from "../contract/replays.ts";
import { type Replay, REPLAYS, SUMMARY_PROJECTION, toReplay } from "./replay_document.ts";

/** From look to look. */
const LOOK_MS = 500;
/** Each holds a connection of an edge and one of a client. */
const WATCHERS_MAX = 100;

interface Look {
  readonly asked: ReadonlySet<ObjectId>;
  /** By the replay's id. */
  readonly found: ReadonlyMap<string, Replay>;
}

export class ReplayWatch {
  readonly #db: Db;
  readonly #stopping: AbortSignal | undefined;
  /** Those that are waited for, each as often as somebody does. */
  readonly #watched: ObjectId[] = [];
  #look: Promise<Look | null> | null = null;
  #over = new AbortController();

  constructor(db: Db, stopping?: AbortSignal) {
    this.#db = db;
    this.#stopping = stopping;
  }

  /** How many wait at this moment. */
  get watchers(): number {
    return this.#watched.length;
  }

  /** Throws `UnavailableError` where too many wait already. */
  async *changes(id: ObjectId, clientSignal: AbortSignal): AsyncGenerator<Replay> {
    if (this.#watched.length >= WATCHERS_MAX) {
      throw new UnavailableError(
        `Cannot follow the replay: ${WATCHERS_MAX} clients follow replays`,
      );
    }
    const signal = this.#stopping ? AbortSignal.any([clientSignal, this.#stopping]) : clientSignal;
    const gone = Promise.withResolvers<"gone">();
    const leave = () => gone.resolve("gone");
    signal.addEventListener("abort", leave, { once: true });
    this.#watched.push(id);
    try {
      let last: Replay | undefined;
      while (!signal.aborted) {
        const looked = await Promise.race([
          this.#next(last === undefined ? 0 : LOOK_MS),
          gone.promise,
        ]);
        if (looked === "gone") return;
        // The archive is away, or was asked before this one was waited for.
        if (!looked?.asked.has(id)) continue;
        const now = looked.found.get(id.toHexString());
        if (now === undefined) return; // It was removed.
        if (now.updated_at.getTime() !== last?.updated_at.getTime() || now.state !== last.state) {
          yield now;
        }
        if (RESTING.includes(now.state)) return;
        last = now;
      }
    } finally {
      signal.removeEventListener("abort", leave);
      this.#watched.splice(this.#watched.indexOf(id), 1);
      if (this.#watched.length === 0) {
        this.#over.abort();
        this.#over = new AbortController();
      }
    }
  }

  /** A look that begins after the pause; who comes meanwhile shares it. Null: the archive is away. */
  #next(pauseMs: number): Promise<Look | null> {
    return this.#look ??= this.#lookOnce(pauseMs, this.#over.signal)
      .finally(() => this.#look = null);
  }

  async #lookOnce(pauseMs: number, over: AbortSignal): Promise<Look | null> {
    await sleep(pauseMs, over);
    const asked = new Set(this.#watched);
    try {
      const raw = await this.#db.collection(REPLAYS)
        .find({ _id: { $in: [...asked] } }, { raw: true, projection: SUMMARY_PROJECTION })
        .toArray();
      const replays = raw.map((bytes) => toReplay(bytes as unknown as Uint8Array));
      return { asked, found: new Map(replays.map((replay) => [replay.id, replay])) };
    } catch {
      await sleep(LOOK_MS, over);
      return null;
    }
  }
}
