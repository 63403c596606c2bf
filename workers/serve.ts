/** The worker's side of `Lanes`: answers each job with what the handler gives or throws. */
import type { Reply } from "./lanes.ts";

/** `self` of a worker, as far as it is used here. */
interface WorkerScope {
  onmessage: ((event: MessageEvent) => void) | null;
  postMessage(message: unknown): void;
}

/** `start` is called once, with the first message, which holds the worker's settings. */
export function serve<Settings, Job, Result>(
  start: (settings: Settings) => Promise<(job: Job) => Promise<Result>>,
): void {
  const scope = self as unknown as WorkerScope;
  let handler: Promise<(job: Job) => Promise<Result>> | undefined;
  scope.onmessage = async ({ data }: MessageEvent) => {
    if (handler === undefined) {
      handler = start(data as Settings);
      handler.catch(() => {}); // Told to the first job.
      return;
    }
    scope.postMessage(await answer(handler, data as Job));
  };
}

async function answer<Job, Result>(
  handler: Promise<(job: Job) => Promise<Result>>,
  job: Job,
): Promise<Reply<Result>> {
  try {
    return { ok: true, result: await (await handler)(job) };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { ok: false, name, message };
  }
}
