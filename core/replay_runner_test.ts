/** Replays as a core runs them: what becomes of batches that fail, of workers that die, and of the end. */
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { until } from "../tests/support/until.ts";
import type { Reply } from "../workers/lanes.ts";
import type { ReplayJob } from "../workers/replay_worker.ts";
import type { ReplayClaims } from "./archive/replay_claims.ts";
import type { Log } from "./base/log.ts";
import type { ReplayStep } from "./filter_replay.ts";
import { runReplays } from "./replay_runner.ts";

type Answer = (job: ReplayJob) => Reply<ReplayStep> | "silence" | "death";

const step = (result: ReplayStep): Reply<ReplayStep> => ({ ok: true, result });
const fault = (name: string): Reply<ReplayStep> => ({ ok: false, name, message: "said by it" });

/** Parts, each to be claimed once unless it is left to others, and workers that do as they are told. */
function startCore(answer: Answer, { parts = 1, attempts = 1, threads = 1 } = {}) {
  const told: string[] = [];
  const waiting = Array.from({ length: parts }, (_, n) => `part ${n}`);
  const stop = new AbortController();
  let [workers, alive] = [0, 0];
  const claims: ReplayClaims = {
    claim() {
      const id = waiting.shift();
      return Promise.resolve(id === undefined ? null : { id, attempts });
    },
    renew: () => Promise.resolve(true),
    release: (id) => Promise.resolve(void told.push(`${id} released`)),
    fail: (id, _, reason) => Promise.resolve(void told.push(`${id}: ${reason}`)),
  };
  function startWorker(): Worker {
    workers++;
    alive++;
    const worker = {
      onmessage: (_: MessageEvent) => {},
      onerror: (_: unknown) => {},
      async postMessage(job: ReplayJob) {
        await new Promise((resolve) => setTimeout(resolve)); // As threads do: others come in between.
        const data = answer(job);
        if (data === "death") worker.onerror({ message: "it died", preventDefault() {} });
        else if (data !== "silence") worker.onmessage({ data } as MessageEvent);
      },
      terminate: () => void alive--,
    };
    return worker as unknown as Worker;
  }
  const log = { warn: () => {} } as unknown as Log;
  const ended = runReplays({ claims, threads, startWorker, signal: stop.signal, log });
  return {
    told,
    waiting,
    get workers() {
      return { started: workers, alive };
    },
    async stop() {
      stop.abort();
      await ended;
    },
  };
}

describe("runReplays()", () => {
  it("runs parts step by step, all that are open in one worker, and ends that then", async () => {
    const steps: string[] = [];
    const core = startCore(({ id }) => {
      steps.push(id);
      return step(steps.length % 3 === 0 ? "done" : "running");
    }, { parts: 3 });
    await until(() => steps.length === 9 && core.workers.alive === 0);
    assertEquals(steps.map((id) => id.at(-1)).join(""), "000111222");
    assertEquals(core.workers.started, 1);
    await core.stop();
    assertEquals(core.told, []);
  });

  it("runs as many parts at the same time as it has threads", async () => {
    const running = new Set<string>();
    const core = startCore(({ id }) => {
      running.add(id);
      return "silence";
    }, { parts: 3, threads: 2 });
    await until(() => running.size === 2);
    assertEquals(core.waiting.length, 1);
    await core.stop();
  });

  it("tries a batch again, and fails the replay when it fails again and again", async () => {
    let tries = 0;
    const core = startCore(() => ++tries % 3 === 0 ? step("running") : fault("Error"));
    await until(() => tries > 20);
    assertEquals(core.told, []);
    await core.stop();
    let fails = 0;
    const other = startCore(() => {
      fails++;
      return fault("Error");
    });
    await until(() => other.told.length > 0);
    assertEquals([fails, other.told], [3, ["part 0: Internal error"]]);
    await other.stop();
  });

  it("tells what is wrong with a filter", async () => {
    const core = startCore(() => fault("QueryError"));
    await until(() => core.told.length > 0);
    assertEquals(core.told, ["part 0: said by it"]);
    await core.stop();
  });

  it("waits for an archive that is away, however often", async () => {
    let tries = 0;
    const core = startCore(() => ++tries < 4 ? fault("UnavailableError") : step("done"));
    await until(() => tries === 4);
    await core.stop();
    assertEquals(core.told, []);
  });

  it("goes on with other parts after one whose worker dies each time", async () => {
    const seen = new Set<string>();
    const core = startCore(({ id }) => {
      seen.add(id);
      return id === "part 0" ? "death" : step("done");
    }, { parts: 2 });
    await until(() => seen.has("part 1"));
    assertEquals(core.told, ["part 0: Internal error"]);
    await core.stop();
  });

  it("gives a replay up that has taken its program down again and again", async () => {
    const core = startCore(() => step("done"), { attempts: 4 });
    await until(() => core.told.length > 0);
    assert(core.told[0]!.includes("has ended 3 times"), core.told[0]);
    await core.stop();
  });

  it("leaves to others what is in work when it is told to end", async () => {
    let steps = 0;
    const core = startCore(() => ++steps < 3 ? step("running") : "silence");
    await until(() => steps === 3);
    await core.stop();
    assertEquals([core.told, core.workers.alive], [["part 0 released"], 0]);
  });
});
