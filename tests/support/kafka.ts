/**
 * A Kafka for tests: the one that the test task started (`KOWALSKI_TEST_KAFKA`, `host:port`s with a
 * comma between them), or one of this process's own.
 */
let shared: Promise<string[] | null> | undefined;

/** Its brokers, or null, with the reason told, where neither is to be had: skip then. */
export function kafkaBrokers(): Promise<string[] | null> {
  const given = Deno.env.get("KOWALSKI_TEST_KAFKA");
  return shared ??= given ? Promise.resolve(given.split(",")) : startOwn();
}

async function startOwn(): Promise<string[] | null> {
  const { startKafka } = await import("../../deploy/local/kafka.ts");
  const dataDir = await Deno.makeTempDir({ prefix: "kowalski-test-kafka-" });
  globalThis.addEventListener("unload", () => Deno.removeSync(dataDir, { recursive: true }));
  try {
    const kafka = await startKafka({ dataDir });
    return [kafka.bootstrapServers];
  } catch (error) {
    console.error(`Tests of Kafka are skipped. ${(error as Error).message}`);
    return null;
  }
}
