/** A worker for tests of `Lanes`: does what the job says, also the worst. */
import { serve } from "../../workers/serve.ts";

type Job = { what: "echo" | "throw" | "exit" | "hang" | "die"; value?: unknown };

serve<string, Job, unknown>((settings) =>
  Promise.resolve(async ({ what, value }: Job) => {
    switch (what) {
      case "echo":
        return [settings, value];
      case "throw":
        throw new RangeError("thrown");
      case "exit":
        self.close();
        return await new Promise(() => {});
      case "hang":
        for (;;);
      case "die":
        setTimeout(() => {
          throw new Error("died");
        });
        return await new Promise(() => {});
    }
  })
);
