/** Opens the sinks that settings name. */
import type { Log } from "./base/log.ts";
import type { Settings } from "./base/settings_schema.ts";
import type { Sink } from "./contract/passed.ts";
import { kafkaSecurity } from "./kafka_security.ts";
import { jsonLinesSink } from "./sinks/json_lines.ts";
import { kafkaSink } from "./sinks/kafka.ts";

export function openSinks({ sinks, kafka }: Settings, log: Log): Sink[] {
  const opened: Sink[] = [];
  if (sinks.json_lines.path !== null) opened.push(jsonLinesSink({ path: sinks.json_lines.path }));
  const { topic } = sinks.kafka;
  if (topic !== null) {
    opened.push(kafkaSink({
      brokers: sinks.kafka["bootstrap.servers"] ?? kafka["bootstrap.servers"],
      clientId: "kowalski",
      topicOf: (survey) => topic.replaceAll("{survey}", survey),
      ...kafkaSecurity(kafka),
      log: (level, message, fields) => log[level](message, fields),
    }));
  }
  return opened;
}
