/**
 * Long answers leave buffers behind: of what came from MongoDB, of what went to the client. They lie
 * outside of V8's heap, which hardly counts them: it lets 150 MB of them wait before it looks. So after
 * some megabytes of answers it is asked to look, which takes it about 3 % of their time.
 */
import v8 from "node:v8";
import vm from "node:vm";

const EVERY_BYTES = 16_000_000;

let sent = 0;
let collect: (() => void) | undefined;

/** To be told of each piece of an answer that is too long to be held. */
export function countSent(bytes: number): void {
  sent += bytes;
  if (sent < EVERY_BYTES) return;
  sent = 0;
  collect ??= exposed();
  collect();
}

/** The runtime has no name for it, unless it is started with one. */
function exposed(): () => void {
  v8.setFlagsFromString("--expose-gc");
  const gc: unknown = vm.runInNewContext("gc");
  return typeof gc === "function" ? () => gc() : () => {};
}
