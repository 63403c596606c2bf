/**
 * Stands in for the program `ssh` where a tunnel is tested: takes its arguments, leaves them beside the
 * socket's folder, and leads the socket to the target. The user's name says what it does otherwise.
 */
import { connect, createServer } from "node:net";

const valueOf = (option: string) => Deno.args[Deno.args.indexOf(option) + 1]!;

const settings = Object.fromEntries(
  Deno.args.flatMap((arg, i) =>
    Deno.args[i - 1] === "-o" ? [arg.split("=") as [string, string]] : []
  ),
);
const known = Deno.readTextFileSync(settings.UserKnownHostsFile!);
Deno.writeTextFileSync(
  valueOf("-i"),
  `${JSON.stringify({ args: Deno.args, known })}\n`,
  { append: true },
);
if (settings.StrictHostKeyChecking !== "yes" || valueOf("-l") === "stranger") {
  console.error("Host key verification failed.");
  Deno.exit(255);
}
if (valueOf("-l") !== "sleeper") {
  const [socketPath, host, port] = valueOf("-L").split(":") as [string, string, string];
  createServer((local) => {
    const remote = connect(Number(port), host);
    local.pipe(remote).pipe(local);
    for (const end of [local, remote]) end.on("error", () => end.destroy());
  }).listen(socketPath);
} else setInterval(() => {}, 1_000);
