/**
 * A pool of Web Workers where each worker is a lane: jobs given to a lane run there one after the
 * other, in order. It knows nothing of alerts.
 */

export interface LaneLimits {
  readonly lanes: number;
  /** A worker that takes longer than this for a job is taken for dead. */
  readonly jobMsMax: number;
  /** What a new worker may take besides, before its first answer: it has code and networks to load. */
  readonly startMsMax: number;
  /** How often, over all lanes, a dead worker is replaced within an hour; then jobs are refused. */
  readonly restartsMax: number;
}

/** The worker ended, or did not answer in time, while it held the job. */
export class WorkerLostError extends Error {
  override name = "WorkerLostError";
}

/** The lane's worker has died too often to be replaced again: no job of it will ever run. */
export class NoWorkerError extends Error {
  override name = "NoWorkerError";
}

/** What the worker threw, by its name and message. */
export class JobError extends Error {
  constructor(name: string, message: string) {
    super(message);
    this.name = name;
  }
}

export type Reply<Result> =
  | { readonly ok: true; readonly result: Result }
  | { readonly ok: false; readonly name: string; readonly message: string };

interface Lane {
  worker: Worker | undefined;
  /** The worker has not answered yet. */
  isNew: boolean;
  /** Settles when the lane's last job has. */
  tail: Promise<unknown>;
  waiting: number;
  fail: ((error: Error) => void) | undefined;
  answer: ((reply: Reply<unknown>) => void) | undefined;
}

const RESTART_WINDOW_MS = 3_600_000;

export class Lanes<Job, Result> implements Disposable {
  readonly #start: () => Worker;
  readonly #limits: LaneLimits;
  readonly #movedOf: (job: Job) => Transferable[];
  readonly #lanes: Lane[];
  readonly #restarts: number[] = [];

  /**
   * `start` makes a worker that answers each message with one `Reply`; see `serve.ts`. `movedOf`: what of
   * a job is moved to the worker, and not copied: a worker that is lost takes it along.
   */
  constructor(
    start: () => Worker,
    limits: LaneLimits,
    movedOf: (job: Job) => Transferable[] = () => [],
  ) {
    this.#start = start;
    this.#limits = limits;
    this.#movedOf = movedOf;
    this.#lanes = Array.from({ length: limits.lanes }, () => ({
      worker: undefined,
      isNew: true,
      tail: Promise.resolve(),
      waiting: 0,
      fail: undefined,
      answer: undefined,
    }));
    this.#lanes.forEach((lane) => this.#fill(lane));
  }

  get size(): number {
    return this.#lanes.length;
  }

  /** Workers that were replaced, ever. */
  restarted = 0;

  /** Jobs that wait or run in a lane. */
  waiting(lane: number): number {
    return this.#lanes[lane]!.waiting;
  }

  /** Runs `work` when all that was given to the lane before has settled; nothing comes between its jobs. */
  inTurn<T>(index: number, work: (run: (job: Job) => Promise<Result>) => Promise<T>): Promise<T> {
    const lane = this.#lanes[index]!;
    lane.waiting++;
    const done = lane.tail.then(() => work((job) => this.#run(lane, job)));
    lane.tail = done.catch(() => {}).then(() => void lane.waiting--);
    return done;
  }

  #run(lane: Lane, job: Job): Promise<Result> {
    const { worker } = lane;
    if (!worker) return Promise.reject(new NoWorkerError("No worker is left in this lane"));
    const { promise, resolve, reject } = Promise.withResolvers<Reply<unknown>>();
    // A worker that closes itself, or exits, tells its owner nothing at all: only time does.
    const { jobMsMax, startMsMax } = this.#limits;
    const waitMs = jobMsMax + (lane.isNew ? startMsMax : 0);
    const deadline = setTimeout(() => this.#lose(lane, `No answer in ${waitMs} ms`), waitMs);
    lane.answer = resolve;
    lane.fail = reject;
    worker.postMessage(job, this.#movedOf(job));
    return promise.then((reply) => {
      lane.isNew = false;
      if (!reply.ok) throw new JobError(reply.name, reply.message);
      return reply.result as Result;
    }).finally(() => {
      clearTimeout(deadline);
      lane.answer = lane.fail = undefined;
    });
  }

  #fill(lane: Lane): void {
    const worker = lane.worker = this.#start();
    lane.isNew = true;
    worker.onmessage = ({ data }) => lane.answer?.(data as Reply<unknown>);
    worker.onerror = (event) => {
      event.preventDefault(); // Without this, the worker takes the process with it.
      if (lane.worker === worker) this.#lose(lane, event.message);
    };
  }

  #lose(lane: Lane, why: string): void {
    lane.worker?.terminate();
    lane.worker = undefined;
    // One that dies each time it starts is not started for ever: the lane stays empty and says so.
    const now = Date.now();
    while (this.#restarts[0] !== undefined && this.#restarts[0] < now - RESTART_WINDOW_MS) {
      this.#restarts.shift();
    }
    if (this.#restarts.length < this.#limits.restartsMax) {
      this.#restarts.push(now);
      this.restarted++;
      this.#fill(lane);
    }
    lane.fail?.(new WorkerLostError(why));
  }

  /** Ends the workers at once; a job that runs is lost. */
  [Symbol.dispose](): void {
    for (const lane of this.#lanes) {
      lane.worker?.terminate();
      lane.worker = undefined;
      lane.fail?.(new WorkerLostError("The pool is closed"));
    }
  }
}
