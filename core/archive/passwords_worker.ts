/** The thread that `passwords.ts` starts: bcrypt, and nothing else. */
import { compareSync, hashSync } from "bcryptjs";
import type { PasswordJob, PasswordReply } from "./passwords.ts";

self.onmessage = ({ data: job }: MessageEvent<PasswordJob>) => {
  self.postMessage(answer(job));
};

function answer(job: PasswordJob): PasswordReply {
  try {
    const result = "cost" in job
      ? hashSync(job.password, job.cost)
      : compareSync(job.password, job.hash);
    return { id: job.id, result };
  } catch (error) {
    return { id: job.id, error: String(error) };
  }
}
