/** `deno task run`: the whole system on one machine, from packets to answers at the edge. */
import { parseArgs } from "node:util";
import { configureLog } from "../../core/base/log.ts";
import { onStopSignals } from "../../core/base/shutdown.ts";
import { type RunOptions, runSystem } from "./system.ts";

const HELP = `deno task run [options]

Starts everything on this machine alone: MongoDB (fetched at the first run, if none is set), core, edge, and a
stream of alerts. Prints where to look, a token, and queries to paste. Ctrl-C ends it all in order.

  --once            end when the packets are through; the last line is JSON: read, stored, rejected, scored,
                    matched, passed, seconds (from the first packet read to the last one stored)
  --packets PATH    packets of a folder, a .tar or a file; a folder may hold one for each survey (ztf/, ...)
  --kafka           packets from Kafka, as the settings say (kafka.*)
  --alerts N        how many alerts are simulated (400 with --once, else without end)
  --rate N          simulated alerts per second (as fast as possible with --once, else 20)
  --port N          the edge's port (4000; another one if it is taken)
  --data DIR        where the archive lives (.kowalski)
  --config FILE     settings over the defaults
  --help            this text`;

const options = readOptions();
await configureLog({ level: "warning", format: "auto" });
const stopped = new AbortController();
using _signals = onStopSignals(() => stopped.abort());
try {
  await runSystem(options, stopped.signal);
} catch (error) {
  if (stopped.signal.aborted && error === stopped.signal.reason) Deno.exit(130);
  if (!(error instanceof Error)) throw error;
  console.error(`Kowalski can't run: ${error.message}`);
  Deno.exit(1);
}
Deno.exit(0);

function readOptions(): RunOptions {
  try {
    const { values } = parseArgs({
      args: Deno.args,
      options: {
        once: { type: "boolean", default: false },
        packets: { type: "string" },
        kafka: { type: "boolean", default: false },
        alerts: { type: "string" },
        rate: { type: "string" },
        port: { type: "string" },
        data: { type: "string", default: ".kowalski" },
        config: { type: "string" },
        help: { type: "boolean", default: false },
      },
    });
    if (values.help) {
      console.log(HELP);
      Deno.exit(0);
    }
    return {
      once: values.once,
      packets: values.packets,
      kafka: values.kafka,
      alerts: positive("--alerts", values.alerts),
      rate: positive("--rate", values.rate),
      port: positive("--port", values.port),
      dataDir: values.data,
      config: values.config,
    };
  } catch (error) {
    console.error(`${(error as Error).message}\n\n${HELP}`);
    Deno.exit(2);
  }
}

function positive(name: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  const value = Number(text);
  if (value > 0) return value;
  throw new RangeError(`Cannot run as ${name} must be a number above 0: current value is ${text}`);
}
