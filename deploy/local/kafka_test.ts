/** What the local Kafka promises, with the real one; skipped where Java or its jars can't be had. */
import assert from "node:assert/strict";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { createKafka } from "../../core/sources/kafka/client.ts";
import { kafkaBrokers } from "../../tests/support/kafka.ts";
import { startKafka } from "./kafka.ts";
import { findKafkaJars } from "./kafka_jars.ts";

const skip = await kafkaBrokers() === null;
const MODULE = new URL("./kafka.ts", import.meta.url).href;
let folder: string;

beforeAll(async () => {
  folder = await Deno.makeTempDir();
});
afterAll(() => Deno.remove(folder, { recursive: true }));

async function topicsOf(bootstrapServers: string, make?: string): Promise<string[]> {
  const admin = createKafka({ brokers: [bootstrapServers], clientId: "test", log: () => {} })
    .admin();
  await admin.connect();
  try {
    if (make) await admin.createTopics({ topics: [{ topic: make }], waitForLeaders: true });
    return await admin.listTopics();
  } finally {
    await admin.disconnect();
  }
}

describe("startKafka()", { skip }, () => {
  it("keeps its topics over a restart, and makes none that isn't asked for", async () => {
    const dataDir = `${folder}/keeps`;
    {
      await using kafka = await startKafka({ dataDir });
      assert.deepEqual(await topicsOf(kafka.bootstrapServers, "kept"), ["kept"]);
    }
    await using kafka = await startKafka({ dataDir });
    assert.deepEqual(await topicsOf(kafka.bootstrapServers), ["kept"]);
  });

  it("ends when its parent is killed with -9", async () => {
    const code = `const { startKafka } = await import(${JSON.stringify(MODULE)});
      const { pid } = await startKafka({ dataDir: ${JSON.stringify(`${folder}/bound`)} });
      console.log(pid);
      setInterval(() => {}, 1000);`;
    const parent = new Deno.Command(Deno.execPath(), {
      args: ["eval", code],
      stdout: "piped",
      stderr: "inherit",
    }).spawn();
    const reader = parent.stdout.getReader();
    const pid = Number(new TextDecoder().decode((await reader.read()).value));
    assert.ok(await isAlive(pid));
    parent.kill("SIGKILL");
    await parent.status;
    await reader.cancel();
    for (let tries = 0; await isAlive(pid); tries++) {
      assert.ok(tries < 300, "Kafka lives on");
      await new Promise((resolve) => setTimeout(resolve, 50));
    }
  });

  it("says what is wrong when it can't start", async () => {
    const dataDir = `${folder}/taken`;
    using taken = Deno.listen({ hostname: "127.0.0.1", port: 0 });
    const { port } = taken.addr as Deno.NetAddr;
    await assert.rejects(
      startKafka({ dataDir, port }),
      /Cannot start Kafka[\s\S]*Address already in use/,
    );
  });
});

describe("findKafkaJars()", () => {
  it("takes an unpacked Kafka, and says so where there is none in the folder", async () => {
    await Deno.mkdir(`${folder}/home/libs`, { recursive: true });
    const cacheDir = `${folder}/cache`;
    const jars = await findKafkaJars({ cacheDir, kafkaHome: `${folder}/home` });
    assert.equal(jars, `${folder}/home/libs`);
    await assert.rejects(findKafkaJars({ cacheDir, kafkaHome: folder }), /must hold a folder libs/);
  });
});

async function isAlive(pid: number): Promise<boolean> {
  const { success, stdout } = await new Deno.Command("ps", {
    args: ["-o", "stat=", "-p", String(pid)],
  }).output();
  return success && !new TextDecoder().decode(stdout).startsWith("Z");
}
