/** Starts a program that ends with us, also when we are ended by kill -9. */

export interface BoundOptions {
  /** What it prints is appended to this file; nothing is kept by default. */
  readonly logPath?: string;
  /** Added to our own environment. */
  readonly env?: Readonly<Record<string, string>>;
  readonly cwd?: string;
}

export interface BoundChild extends AsyncDisposable {
  /** The program's own id. */
  readonly pid: number;
  /** How it ended; code 127 where there is no such command. */
  readonly ended: Promise<Deno.CommandStatus>;
  /** Asks it to end, and after `graceMs` makes it; resolves when it has ended. */
  stop(graceMs?: number): Promise<void>;
}

/** How long a program may take to end by itself: a database flushes what it holds first. */
const GRACE_MS = 30_000;

/**
 * The program takes the place of the shell, so its id is the one that we know. The watcher beside
 * it reads a pipe of which only we hold the other end: however we end, it closes, and the program
 * is ended too. Where that ends first we say so, lest the watcher kill a stranger by its old id.
 * Servers hold many files open, so the limit is raised to what the system lets us.
 */
const GUARD = `
graceS=$1; log=$2; shift 2
exec 3<&0 </dev/null
child=$$
(
  read -r word <&3
  [ "$word" = ended ] && exit
  kill -TERM $child
  waitedS=0
  while [ $waitedS -lt $graceS ]; do
    sleep 1
    kill -0 $child || exit
    waitedS=$((waitedS + 1))
  done
  kill -KILL $child
) >/dev/null 2>&1 &
ulimit -n "$(ulimit -H -n)" 2>/dev/null
exec 3<&- >>"$log" 2>&1
exec "$@"
`;

export function startBound(
  command: string,
  args: readonly string[],
  { logPath = "/dev/null", env = {}, cwd }: BoundOptions = {},
): BoundChild {
  const child = new Deno.Command("sh", {
    args: ["-c", GUARD, "sh", `${GRACE_MS / 1000}`, logPath, command, ...args],
    env: { ...env },
    ...(cwd === undefined ? {} : { cwd }),
    stdin: "piped",
    stdout: "null",
    stderr: "null",
    // A session of its own: Ctrl-C at the terminal is for us, who end things in order.
    detached: true,
  }).spawn();
  const pipe = child.stdin.getWriter();
  const ended = child.status.then(async (status) => {
    await pipe.write(new TextEncoder().encode("ended\n")).catch(() => {}); // No watcher is left.
    await pipe.close().catch(() => {});
    return status;
  });
  const stop = async (graceMs = GRACE_MS) => {
    trySignal(child, "SIGTERM");
    const timer = setTimeout(() => trySignal(child, "SIGKILL"), graceMs);
    await ended;
    clearTimeout(timer);
  };
  return { pid: child.pid, ended, stop, [Symbol.asyncDispose]: () => stop() };
}

function trySignal(child: Deno.ChildProcess, signal: Deno.Signal): void {
  try {
    child.kill(signal);
  } catch {
    // It has ended already.
  }
}
