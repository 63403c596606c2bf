// Workers die in several ways; a lane goes on with the next job all the same.
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { JobError, Lanes, NoWorkerError, WorkerLostError } from "./lanes.ts";

const start = () => {
  const worker = new Worker(new URL("../tests/fakes/lane_worker.ts", import.meta.url), {
    type: "module",
  });
  worker.postMessage("settings");
  return worker;
};
type Job = { what: string; value?: unknown };
const lanes = (restartsMax = 5) =>
  new Lanes<Job, unknown>(start, { lanes: 2, jobMsMax: 1_000, startMsMax: 60_000, restartsMax });
const run = (pool: Lanes<Job, unknown>, lane: number, job: Job) =>
  pool.inTurn(lane, (run) => run(job));

describe("Lanes", () => {
  it("runs a lane's jobs one after the other, in order", async () => {
    using pool = lanes();
    const answers: unknown[] = [];
    await Promise.all(
      Array.from(
        { length: 20 },
        (_, value) => run(pool, 0, { what: "echo", value }).then((answer) => answers.push(answer)),
      ),
    );
    assertEquals(answers, Array.from({ length: 20 }, (_, value) => ["settings", value]));
  });

  it("gives what a job threw by its name", async () => {
    using pool = lanes();
    await assertRejects(() => run(pool, 0, { what: "throw" }), JobError, "thrown");
    assertEquals(await run(pool, 0, { what: "echo", value: 1 }), ["settings", 1]);
  });

  for (const what of ["exit", "hang", "die"]) {
    it(`replaces a worker on "${what}", and goes on`, async () => {
      using pool = lanes();
      await run(pool, 1, { what: "echo" }); // From now on, it is expected to be quick.
      await assertRejects(() => run(pool, 1, { what }), WorkerLostError);
      assertEquals(await run(pool, 1, { what: "echo", value: 2 }), ["settings", 2]);
      assertEquals(pool.restarted, 1);
    });
  }

  it("does not restart for ever", async () => {
    using pool = lanes(1);
    await assertRejects(() => run(pool, 0, { what: "die" }), WorkerLostError);
    await assertRejects(() => run(pool, 0, { what: "die" }), WorkerLostError);
    await assertRejects(() => run(pool, 0, { what: "echo" }), NoWorkerError, "No worker is left");
  });
});
