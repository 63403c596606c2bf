/**
 * A way through SSH to a port that only the telescope's machine can reach: a child process `ssh`, which
 * logs in with a key, and only where the other side has the host key that was pinned.
 */
export interface TunnelOptions {
  /** The SSH server. */
  readonly host: string;
  readonly port: number;
  readonly username: string;
  /** A private key without a passphrase. */
  readonly keyFile: string;
  /** The server's public key, as `ssh-keyscan` prints it: `ssh-ed25519 AAAA...`. */
  readonly hostKey: string;
  /** What to reach from there. */
  readonly target: { readonly host: string; readonly port: number };
  readonly openMsMax: number;
  /** The program; another one for tests. */
  readonly command?: readonly string[];
}

export interface Tunnel extends AsyncDisposable {
  /** Of this machine's, leading to the target. Nobody else's programs can open it. */
  readonly socketPath: string;
  /** Resolves when it leads nowhere any more, with what `ssh` said last. */
  readonly ended: Promise<string>;
}

/** The name of the server in the file of known hosts, which has this one only. */
const ALIAS = "telescope";
const POLL_MS = 20;
const SAID_LENGTH_MAX = 500;

/** Rejects where the tunnel isn't open in time, with what `ssh` said. */
export async function openTunnel(options: TunnelOptions): Promise<Tunnel> {
  const folder = await Deno.makeTempDir({ prefix: "kowalski-telescope-" });
  const socketPath = `${folder}/socket`;
  const knownHosts = `${folder}/known_hosts`;
  await Deno.writeTextFile(knownHosts, `${ALIAS} ${options.hostKey}\n`);
  const clear = () => Deno.remove(folder, { recursive: true });
  let child: Deno.ChildProcess;
  try {
    const [program, ...first] = options.command ?? ["ssh"];
    child = new Deno.Command(program!, {
      args: [...first, ...argsOf(options, socketPath, knownHosts)],
      stdin: "null",
      stdout: "null",
      stderr: "piped",
    }).spawn();
  } catch (error) {
    await clear();
    throw error;
  }
  const ended = Promise.all([lastOf(child.stderr), child.status]).then(async ([said]) => {
    await clear();
    return said;
  });
  const tunnel: Tunnel = {
    socketPath,
    ended,
    async [Symbol.asyncDispose]() {
      try {
        child.kill("SIGTERM");
      } catch {
        // It has ended.
      }
      await ended;
    },
  };
  try {
    await untilOpen(socketPath, ended, options.openMsMax);
    return tunnel;
  } catch (error) {
    await tunnel[Symbol.asyncDispose]();
    throw error;
  }
}

function argsOf(
  { host, port, username, keyFile, target }: TunnelOptions,
  socketPath: string,
  knownHosts: string,
): string[] {
  const settings = {
    BatchMode: "yes", // It asks nobody anything.
    StrictHostKeyChecking: "yes",
    HostKeyAlias: ALIAS,
    UserKnownHostsFile: knownHosts,
    GlobalKnownHostsFile: "/dev/null",
    UpdateHostKeys: "no",
    IdentitiesOnly: "yes",
    PreferredAuthentications: "publickey",
    ExitOnForwardFailure: "yes",
    ServerAliveInterval: "15", // A line that is dead is seen to be after 30 s.
    ServerAliveCountMax: "2",
    ConnectTimeout: "10",
  };
  return [
    ...["-N", "-T", "-F", "none"],
    ...Object.entries(settings).flatMap(([name, value]) => ["-o", `${name}=${value}`]),
    ...["-i", keyFile, "-l", username, "-p", `${port}`],
    ...["-L", `${socketPath}:${inBrackets(target.host)}:${target.port}`],
    ...["--", host],
  ];
}

/** Colons of an address of IPv6 aren't those between parts. */
function inBrackets(host: string): string {
  return host.includes(":") ? `[${host}]` : host;
}

/** The end of all that is said, which says why. */
async function lastOf(stderr: ReadableStream<Uint8Array>): Promise<string> {
  const decoder = new TextDecoder();
  let text = "";
  for await (const bytes of stderr) {
    text = (text + decoder.decode(bytes, { stream: true })).slice(-SAID_LENGTH_MAX);
  }
  return text.trim();
}

/** The socket is there once `ssh` has logged in. */
async function untilOpen(
  socketPath: string,
  ended: Promise<string>,
  openMsMax: number,
): Promise<void> {
  const deadlineMs = performance.now() + openMsMax;
  let end: string | undefined;
  ended.then((text) => end = text);
  while (!await isThere(socketPath)) {
    if (end !== undefined) throw new Error(`Cannot open the tunnel: ${end}`);
    if (performance.now() > deadlineMs) throw new Error(`No tunnel in ${openMsMax} ms`);
    await new Promise((resolve) => setTimeout(resolve, POLL_MS));
  }
}

async function isThere(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => true, () => false);
}
