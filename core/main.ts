/** Root of the program `core`: reads the settings, runs one instance until it is told to end. */
import { parseArgs } from "node:util";
import { databaseUri } from "./base/database_uri.ts";
import { configureLog, flushLog, getLog } from "./base/log.ts";
import { readSettings } from "./base/read_settings.ts";
import { blanked, demandSecrets } from "./base/settings.ts";
import { openShutdown } from "./base/shutdown.ts";
import { startCore } from "./start.ts";

const HELP = `deno task core [--config FILE] [--check-config]

One instance: brokers, archive, queries, as the settings say (core.roles).
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
if (settings.core.roles.includes("query")) {
  demandSecrets(settings, [["server", "admin_password"], ["core", "edge_key"]]);
}
console.log(JSON.stringify(blanked(settings)));
if (values["check-config"]) Deno.exit(0);

const uri = databaseUri(settings.database);
if (uri === null) {
  console.error("Cannot run a core as database.uri or database.host must be set");
  Deno.exit(2);
}
await configureLog(settings.log);
const log = getLog("core");
using shutdown = openShutdown({ drainMs: settings.shutdown.drain_ms, log });
const core = await startCore({ settings, uri, signal: shutdown.signal }).catch(async (error) => {
  const code = shutdown.signal.aborted ? 0 : 1;
  if (code > 0) log.error("the core can't start", { error: String(error) });
  await flushLog();
  Deno.exit(code);
});
log.info("the core is up", { url: core.url });
const told = new Promise<void>((resolve) =>
  shutdown.signal.addEventListener("abort", () => resolve(), { once: true })
);
// A broker that can't go on ends the program: whoever runs it starts it again.
const failed = core.ended.then(() => told);
let code = 0;
await Promise.race([failed, told]).catch((error) => {
  log.error("a broker has failed", { error: String(error) });
  code = 1;
});
await core.stop();
await flushLog();
Deno.exit(code);
