/** Opens the stream of a survey, as settings say: Kafka, a folder of packets, or the simulator. */
import type { Log } from "./base/log.ts";
import type { Settings } from "./base/settings_schema.ts";
import type { Source } from "./contract/packet.ts";
import type { SurveyDef } from "./contract/survey.ts";
import { kafkaSecurity } from "./kafka_security.ts";
import { folderSource } from "./sources/folder.ts";
import { kafkaSource } from "./sources/kafka.ts";
import { simulatorSource } from "./sources/simulator.ts";

/** Null where `sources.kind` names none, or none that has this survey. */
export function openSource(
  { settings, nightUtc = new Date() }: { settings: Settings; nightUtc?: Date },
  survey: SurveyDef,
  log: Log,
): Source | null {
  const { sources, workers, kafka, shutdown } = settings;
  switch (sources.kind) {
    case "folder":
      return folderSource({
        path: sources.path!,
        survey: survey.name,
        topic: `${survey.name}_folder`,
        batchMax: workers.batch_max,
        onUnreadable: (path, error) =>
          log.warn("file can't be read", { path, error: error.message }),
      });
    case "simulator":
      // The simulator writes packets of ZTF.
      return survey.name !== "ztf" ? null : simulatorSource({
        ...sources.simulator,
        nightUtc,
        batchMax: workers.batch_max,
      });
    case "kafka":
      return kafkaSource({
        brokers: kafka["bootstrap.servers"],
        name: survey.name,
        groupId: `${kafka.group}-${survey.name}`,
        clientId: "kowalski",
        topics: survey.topics,
        batchMax: workers.batch_max,
        batchBytesMax: workers.batch_bytes_max,
        lingerMs: kafka.linger_ms,
        readAheadMax: kafka.read_ahead_max,
        readAheadBytesMax: kafka.read_ahead_bytes_max,
        pastNights: kafka.past_nights,
        drainMs: shutdown.drain_ms,
        ...kafkaSecurity(kafka),
        log: (level, message, fields) => log[level](message, fields),
      });
    case null:
      return null;
  }
}
