/** Root of the program `edge`: reads the settings, serves until it is told to end. */
import { parseArgs } from "node:util";
import { readSettings } from "../core/base/read_settings.ts";
import { blanked, demandSecrets } from "../core/base/settings.ts";
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
} else {
  const settings = await readSettings({ env: Deno.env.toObject(), file: values.config });
  demandSecrets(settings, [["server", "JWT_SECRET_KEY"], ["core", "edge_key"]]);
  console.log(JSON.stringify(blanked(settings)));
  if (!values["check-config"]) {
    const edge = await startEdge(edgeOptions(settings, (error) => console.error(error)));
    console.log(`The edge listens at ${edge.url}`);
    await Promise.race(["SIGINT", "SIGTERM"].map((name) => signalled(name as Deno.Signal)));
    await edge.close();
  }
}

function signalled(signal: Deno.Signal): Promise<void> {
  return new Promise((resolve) => Deno.addSignalListener(signal, resolve));
}
