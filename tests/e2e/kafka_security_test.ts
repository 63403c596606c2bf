/** A real Kafka that speaks TLS and lets nobody in without a password: read, written to, and looked at. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import ztf from "../../catalogs/live/ztf.ts";
import { getLog } from "../../core/base/log.ts";
import { readSettings } from "../../core/base/read_settings.ts";
import { openSinks } from "../../core/open_sinks.ts";
import { openSource } from "../../core/open_source.ts";
import { type LocalKafka, startKafka } from "../../deploy/local/kafka.ts";
import { makeCertificate } from "../support/certificate.ts";
import { kowalski } from "../support/command_line.ts";
import { kafkaBrokers } from "../support/kafka.ts";
import { passOf } from "../support/passed.ts";

const skip = await kafkaBrokers() === null;
const MECHANISMS = ["plain", "scram-sha-256", "scram-sha-512"];
const PASSWORD = "a password of the reader";
const [topic] = ztf.topics(new Date());

let folder: string;
let kafka: LocalKafka;

before(async () => {
  if (skip) return;
  folder = await Deno.makeTempDir({ prefix: "kowalski-test-secure-" });
  const { cert, key } = await makeCertificate("DNS:localhost,IP:127.0.0.1");
  await Deno.writeTextFile(`${folder}/ca.pem`, cert);
  await Deno.writeTextFile(`${folder}/server.pem`, key + cert);
  const login = "org.apache.kafka.common.security";
  const own = `username="server" password="a password of the server"`;
  const users = `user_server="a password of the server" user_reader="${PASSWORD}"`;
  kafka = await startKafka({
    dataDir: `${folder}/kafka`,
    protocol: "SASL_SSL",
    scramUsers: { reader: PASSWORD },
    properties: {
      "ssl.keystore.type": "PEM",
      "ssl.keystore.location": `${folder}/server.pem`,
      "ssl.truststore.type": "PEM",
      "ssl.truststore.location": `${folder}/ca.pem`,
      "sasl.enabled.mechanisms": MECHANISMS.map((each) => each.toUpperCase()).join(),
      "sasl.mechanism.inter.broker.protocol": "PLAIN",
      "listener.name.sasl_ssl.plain.sasl.jaas.config":
        `${login}.plain.PlainLoginModule required ${own} ${users};`,
      ...Object.fromEntries(
        MECHANISMS.slice(1).map((mechanism) => [
          `listener.name.sasl_ssl.${mechanism}.sasl.jaas.config`,
          `${login}.scram.ScramLoginModule required;`,
        ]),
      ),
    },
  });
});
after(async () => {
  if (skip) return;
  await kafka.stop();
  await Deno.remove(folder, { recursive: true });
});

/** As they stand in a file of settings. */
function settingsOf(mechanism: string, more: Record<string, unknown> = {}) {
  return {
    sources: { kind: "kafka" },
    sinks: { kafka: { topic } },
    kafka: {
      "bootstrap.servers": kafka.bootstrapServers,
      group: mechanism,
      ssl: true,
      ssl_ca: `${folder}/ca.pem`,
      sasl: { mechanism, username: "reader", password: PASSWORD },
      ...more,
    },
  };
}

async function fileOf(settings: unknown): Promise<string> {
  const file = await Deno.makeTempFile({ dir: folder, suffix: ".yaml" });
  await Deno.writeTextFile(file, JSON.stringify(settings));
  return file;
}

describe("a Kafka with TLS and passwords", { skip }, () => {
  for (const [i, mechanism] of MECHANISMS.entries()) {
    it(`is written to and read with ${mechanism}`, async () => {
      const settings = await readSettings({ env: {}, file: await fileOf(settingsOf(mechanism)) });
      const log = getLog("test");
      const [sink] = openSinks(settings, log);
      const { signal } = new AbortController();
      await sink!.deliver([passOf({ candid: BigInt(i) })], signal);
      await sink![Symbol.asyncDispose]();
      let read = 0;
      const source = openSource({ settings }, ztf, log)!;
      for await (const batch of source.batches(AbortSignal.timeout(60_000))) {
        read += batch.packets.length;
        await batch.commit();
        if (read > i) break;
      }
      assertEquals(read, i + 1);
    });
  }

  it("is told by doctor to be well, or what it said", async () => {
    const told = async (what: string, settings: unknown) => {
      const { out } = await kowalski(["doctor", "--config", await fileOf(settings)]);
      const line = out.split("\n").find((each) => /kafka/i.test(each));
      assert(line?.includes(what), out);
    };
    await told("topics", settingsOf("scram-sha-512"));
    const wrong = { mechanism: "scram-sha-512", username: "reader", password: "another" };
    await told("uthentication", settingsOf("scram-sha-512", { sasl: wrong }));
    await told("ertificate", settingsOf("plain", { ssl_ca: null }));
    await told("kafka.ssl_ca", settingsOf("plain", { ssl_ca: "/nowhere" }));
  });
});
