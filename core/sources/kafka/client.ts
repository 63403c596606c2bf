/** How we speak to Kafka: kafkajs with all compressions, our logger, and none of its harmless noise. */
import process from "node:process";
import { Kafka, type KafkaConfig, type LogEntry, logLevel } from "kafkajs";
import { registerCodecs } from "./codecs.ts";

export type KafkaLog = (
  level: "warn" | "error",
  message: string,
  fields: Readonly<Record<string, unknown>>,
) => void;

/** Where the brokers are, and who we are to them. */
export interface KafkaConnection {
  /** `host:port` of some of the cluster's brokers. */
  readonly brokers: readonly string[];
  readonly clientId: string;
  /** As kafkajs takes them. */
  readonly sasl?: KafkaConfig["sasl"];
  readonly ssl?: KafkaConfig["ssl"];
  readonly log: KafkaLog;
}

/** A broker on the other side of the world answers in 0.3 s; one that is down shouldn't hold us long. */
const CONNECT_MS_MAX = 5_000;

/** One client; what it logs as an error while nothing is lost comes as a warning. */
export function createKafka({ brokers, clientId, sasl, ssl, log }: KafkaConnection): Kafka {
  registerCodecs();
  dropNegativeTimeoutWarnings();
  return new Kafka({
    brokers: [...brokers],
    clientId,
    connectionTimeout: CONNECT_MS_MAX,
    // Ours is the outer loop of tries, so a client gives up early: 4 tries within 2 s.
    retry: { initialRetryTime: 200, retries: 3, restartOnFailure: () => Promise.resolve(false) },
    logLevel: logLevel.WARN,
    logCreator: () => (entry) => {
      if (isHarmless(entry)) return;
      const { message, timestamp: _, ...fields } = entry.log;
      log("warn", `Kafka client: ${message}`, fields);
    },
    ...(sasl === undefined ? {} : { sasl }),
    ...(ssl === undefined ? {} : { ssl }),
  });
}

/**
 * What kafkajs reports as wrong in the ordinary course: a group joined before its coordinator is there
 * (the first join to a new cluster), others that join or leave, a limit to tries that we chose, a default
 * that changed years ago.
 */
const HARMLESS = new RegExp(
  [
    "COORDINATOR_NOT_AVAILABLE",
    "coordinator is not available",
    "coordinator is loading",
    "NOT_COORDINATOR",
    "rebalancing",
    "Limiting retries for the idempotent producer",
    "default partitioner",
  ].join("|"),
);

function isHarmless({ log: { message, error } }: LogEntry): boolean {
  return HARMLESS.test(message) || HARMLESS.test(String(error ?? ""));
}

let dropsNegativeTimeouts = false;

/** kafkajs sets a timer to a time gone by whenever it connects, of which Node warns each time. */
function dropNegativeTimeoutWarnings(): void {
  if (dropsNegativeTimeouts) return;
  dropsNegativeTimeouts = true;
  for (const listener of process.listeners("warning")) {
    process.off("warning", listener);
    process.on("warning", (warning) => {
      if (warning.name !== "TimeoutNegativeWarning") listener(warning);
    });
  }
}
