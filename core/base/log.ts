/**
 * Logs: one record a line, as JSON for machines or readable on a terminal. They go to standard error,
 * so that a command's answer is alone on standard output, and are written behind the caller's back:
 * a reader that is slow costs old records, never time.
 */
import {
  configure,
  dispose,
  getLogger,
  getStreamSink,
  type LogRecord,
  type TextFormatter,
} from "@logtape/logtape";

export type LogFields = Readonly<Record<string, unknown>>;
export type LogLevel = "debug" | "info" | "warning" | "error";

/** What happened, in words that are always the same, and what of it differs, in fields. */
export interface Log {
  debug(message: string, fields?: LogFields): void;
  info(message: string, fields?: LogFields): void;
  warn(message: string, fields?: LogFields): void;
  error(message: string, fields?: LogFields): void;
  /** A log that says these fields each time: a survey, a request's id. */
  with(fields: LogFields): Log;
}

export interface LogOptions {
  readonly level: LogLevel;
  /** `auto`: text on a terminal, else JSON. */
  readonly format: "json" | "text" | "auto";
  /** Where lines go; standard error by default. */
  readonly stream?: WritableStream<Uint8Array>;
  readonly isTerminal?: boolean;
}

const ROOT = "kowalski";
/** Records that wait to be written; of more than twice as many, the oldest are dropped. */
const BUFFER_MAX = 2_000;
const FLUSH_MS = 100;

/** Once at the start of a program; what is logged before is dropped. */
export async function configureLog(options: LogOptions): Promise<void> {
  const { isTerminal = Deno.stderr.isTerminal(), stream = Deno.stderr.writable } = options;
  const isText = options.format === "auto" ? isTerminal : options.format === "text";
  const formatter = isText ? textFormatter(isTerminal) : toJson;
  const lines = getStreamSink(stream, {
    formatter,
    closeStream: false,
    nonBlocking: { bufferSize: BUFFER_MAX, flushInterval: FLUSH_MS },
  });
  await configure({
    reset: true,
    sinks: { lines },
    loggers: [
      { category: ROOT, sinks: ["lines"], lowestLevel: options.level },
      // The library tells of its own troubles, too.
      { category: ["logtape", "meta"], sinks: ["lines"], lowestLevel: "warning" },
    ],
  });
}

/** Writes what waits, and ends logging: the last thing that a program does. */
export async function flushLog(): Promise<void> {
  await dispose();
}

/** The log of one part of the system: `broker`, `outbox`, `server`. */
export function getLog(unit: string): Log {
  return wrap(getLogger([ROOT, unit]), {});
}

function wrap(logger: ReturnType<typeof getLogger>, always: LogFields): Log {
  return {
    debug: (message, fields) => logger.debug(escaped(message), { ...always, ...fields }),
    info: (message, fields) => logger.info(escaped(message), { ...always, ...fields }),
    warn: (message, fields) => logger.warn(escaped(message), { ...always, ...fields }),
    error: (message, fields) => logger.error(escaped(message), { ...always, ...fields }),
    with: (fields) => wrap(logger, { ...always, ...fields }),
  };
}

/** The library would put fields in the place of names in braces. */
function escaped(message: string): string {
  return message.replaceAll("{", "{{").replaceAll("}", "}}");
}

const toJson: TextFormatter = (record) => {
  const { time, level, unit, message } = partsOf(record);
  return JSON.stringify({ time, level, unit, message, ...record.properties }, plain) + "\n";
};

const COLOURS: Readonly<Record<string, number>> = { debug: 90, info: 32, warning: 33, error: 31 };

function textFormatter(hasColours: boolean): TextFormatter {
  const paint = (code: number, text: string) => hasColours ? `\x1b[${code}m${text}\x1b[0m` : text;
  return (record) => {
    const { time, level, unit, message } = partsOf(record);
    const fields = Object.entries(record.properties)
      .map(([key, value]) => ` ${paint(90, `${key}=`)}${textOf(value)}`).join("");
    const clock = paint(90, time.slice("2026-01-01T".length, -1));
    return `${clock} ${paint(COLOURS[level] ?? 0, level.padEnd(7))} ${unit}: ${message}${fields}\n`;
  };
}

function partsOf({ timestamp, level, category, message }: LogRecord) {
  return {
    time: new Date(timestamp).toISOString(),
    level,
    unit: category[0] === ROOT ? category.slice(1).join(".") : category.join("."),
    message: message.join(""),
  };
}

function textOf(value: unknown): string {
  return typeof value === "string" && /^[^\s"=]+$/.test(value)
    ? value
    : JSON.stringify(value, plain) ?? "undefined";
}

/** What JSON can't say: 64-bit ids as digits, errors as what they tell. */
function plain(_key: string, value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  return value instanceof Error ? `${value.name}: ${value.message}` : value;
}
