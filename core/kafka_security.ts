/** Who the brokers are to us, and we to them, as settings say. */
import type { Settings } from "./base/settings_schema.ts";
import type { KafkaConnection } from "./sources/kafka/client.ts";

/** As kafkajs takes it. Throws where the file of certificates can't be read. */
export function kafkaSecurity(
  { ssl, ssl_ca: caFile, sasl }: Settings["kafka"],
): Pick<KafkaConnection, "ssl" | "sasl"> {
  return {
    ssl: ssl && caFile !== null ? { ca: [readCertificates(caFile)] } : ssl,
    ...sasl !== null && { sasl },
  };
}

function readCertificates(path: string): string {
  try {
    return Deno.readTextFileSync(path);
  } catch (error) {
    throw new Error(
      `Cannot trust the brokers' certificates as kafka.ssl_ca must be a file that can be read: ` +
        `current value is ${path}`,
      { cause: error },
    );
  }
}
