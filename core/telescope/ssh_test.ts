import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { playTelescope } from "../../tests/support/telescope.ts";
import { until } from "../../tests/support/until.ts";
import { openTunnel, type TunnelOptions } from "./tunnel.ts";
import { ask } from "./request.ts";

const SSHD = "/usr/sbin/sshd";
const GET = { method: "GET", path: "/queues", body: "{}" } as const;
const LIMITS = { answerMsMax: 20_000, answerBytesMax: 1_000 };

/** Both come with OpenSSH's server, which few machines have. */
const noSshd = await isMissing(SSHD) || await isMissing("/usr/bin/ssh-keygen");

describe("openTunnel() with the real ssh, to a real server", { skip: noSshd }, () => {
  it("leads to what only the server reaches, and ends with us", async () => {
    await using server = await startSshd();
    await using upstream = await playTelescope();
    const tunnel = await openTunnel(server.options(upstream.port));
    const place = { socketPath: tunnel.socketPath, host: "telescope" };
    assertEquals((await ask(place, GET, LIMITS)).text, "[]");
    assertEquals((await Deno.stat(tunnel.socketPath)).isSocket, true);
    await tunnel[Symbol.asyncDispose]();
    await assertRejects(() => Deno.stat(tunnel.socketPath), Deno.errors.NotFound);
  });

  it("refuses a server whose host key isn't the one that was pinned", async () => {
    await using server = await startSshd();
    const options = { ...server.options(1), hostKey: server.anotherKey };
    await assertRejects(() => openTunnel(options), Error, "Host key verification failed");
  });

  it("refuses a key that the server doesn't know", async () => {
    await using server = await startSshd();
    const options = { ...server.options(1), keyFile: server.anotherKeyFile };
    await assertRejects(() => openTunnel(options), Error, "Permission denied");
  });
});

async function startSshd() {
  const folder = await Deno.makeTempDir();
  for (const name of ["host", "client", "another"]) {
    await new Deno.Command("ssh-keygen", {
      args: ["-q", "-t", "ed25519", "-N", "", "-f", `${folder}/${name}`],
    }).output();
  }
  const publicKey = async (name: string) =>
    (await Deno.readTextFile(`${folder}/${name}.pub`)).split(" ").slice(0, 2).join(" ");
  await Deno.writeTextFile(`${folder}/authorized`, await publicKey("client"));
  const port = freePort();
  await Deno.mkdir("/run/sshd", { recursive: true }).catch(() => {}); // Which it wants as root only.
  const settings = [
    `ListenAddress=127.0.0.1:${port}`,
    `HostKey=${folder}/host`,
    `AuthorizedKeysFile=${folder}/authorized`,
    "StrictModes=no",
    "UsePAM=no",
    "PasswordAuthentication=no",
    "PermitRootLogin=prohibit-password",
    `PidFile=${folder}/pid`,
  ];
  const child = new Deno.Command(SSHD, {
    args: ["-D", "-e", "-f", "/dev/null", ...settings.flatMap((setting) => ["-o", setting])],
    stdin: "null",
    stdout: "null",
    stderr: "null",
  }).spawn();
  await until(() => isListening(port));
  const hostKey = await publicKey("host");
  return {
    anotherKey: await publicKey("another"),
    anotherKeyFile: `${folder}/another`,
    options: (targetPort: number): TunnelOptions => ({
      host: "127.0.0.1",
      port,
      username: Deno.uid() === 0 ? "root" : Deno.env.get("USER")!,
      keyFile: `${folder}/client`,
      hostKey,
      target: { host: "127.0.0.1", port: targetPort },
      openMsMax: 20_000,
    }),
    async [Symbol.asyncDispose]() {
      child.kill("SIGTERM");
      await child.status;
      await Deno.remove(folder, { recursive: true });
    },
  };
}

function freePort(): number {
  using listener = Deno.listen({ hostname: "127.0.0.1", port: 0 });
  return listener.addr.port;
}

async function isListening(port: number): Promise<boolean> {
  try {
    using _connection = await Deno.connect({ hostname: "127.0.0.1", port });
    return true;
  } catch {
    return false;
  }
}

async function isMissing(path: string): Promise<boolean> {
  return await Deno.stat(path).then(() => false, () => true);
}
