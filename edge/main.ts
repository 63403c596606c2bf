/** Root of the program `edge`: reads the settings, serves until it is told to end. */
import { parseArgs } from "node:util";
import { configureLog, flushLog, getLog } from "../core/base/log.ts";
import { readSettings } from "../core/base/read_settings.ts";
import { blanked, demandSecrets } from "../core/base/settings.ts";
import { openShutdown } from "../core/base/shutdown.ts";
import { edgeOptions } from "./options.ts";
import { startEdge } from "./serve.ts";

const HELP = `deno task edge [--config FILE] [--check-config]

The edge: what people and scripts talk to, before one or more cores.
  --config FILE    your settings, over the defaults
  --check-config   print the settings, secrets blanked, and stop
`;

const { values } = parseArgs({
  options: {
    config: { type: "string" },
    "check-config": { type: "boolean" },
    help: { type: "boolean" },
  },
});
if (values.help) {
  console.log(HELP);
  Deno.exit(0);
}
const settings = await readSettings({ env: Deno.env.toObject(), file: values.config });
demandSecrets(settings, [["server", "JWT_SECRET_KEY"], ["core", "edge_key"]]);
console.log(JSON.stringify(blanked(settings)));
if (values["check-config"]) Deno.exit(0);

await configureLog({ ...settings.log, format: settings.log.format ?? "auto" });
const log = getLog("edge");
using shutdown = openShutdown({ drainMs: settings.shutdown.drain_ms, log });
const options = edgeOptions(settings, (error, requestId) => {
  log.error("a request failed", { error, request_id: requestId });
});
const edge = await startEdge({
  ...options,
  instances: {
    onChange(core, isUp, reason) {
      if (isUp) log.info("a core is back", { core });
      else log.warn("a core is down", { core, reason: String(reason) });
    },
  },
});
shutdown.add("edge", edge.close);
log.info("the edge is up", { url: edge.url });
const isInOrder = await shutdown.closed;
await flushLog();
Deno.exit(isInOrder ? 0 : 1);
