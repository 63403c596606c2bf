/** The thread that `passwords.ts` starts: bcrypt, and nothing else. */
import { createHmac } from "node:crypto";
import { compareSync, hashSync } from "bcryptjs";
import { isOurs, MARK, type PasswordJob, type PasswordReply } from "./passwords.ts";

/** No secret; but digests of passwords that leaked elsewhere can't be tried here. */
const MAC_KEY = "kowalski: password";

self.onmessage = ({ data: job }: MessageEvent<PasswordJob>) => {
  self.postMessage(answer(job));
};

function answer(job: PasswordJob): PasswordReply {
  try {
    return { id: job.id, result: "cost" in job ? hash(job) : verify(job) };
  } catch (error) {
    return { id: job.id, error: String(error) };
  }
}

function hash({ password, cost }: Extract<PasswordJob, { cost: number }>): string {
  return MARK + hashSync(macOf(password), cost);
}

function verify({ password, hash }: Extract<PasswordJob, { hash: string }>): boolean {
  return isOurs(hash)
    ? compareSync(macOf(password), hash.slice(MARK.length))
    : compareSync(password, hash);
}

/** 44 characters. */
function macOf(password: string): string {
  return createHmac("sha256", MAC_KEY).update(password).digest("base64");
}
