/** `kowalski config`: the settings as they are, and what is wrong with them. */
import { parseArgs } from "node:util";
import { stringify } from "yaml";
import { readSettings } from "../../core/base/read_settings.ts";
import { blanked, SettingsError } from "../../core/base/settings.ts";
import { paint, printJson } from "./_output.ts";
import { defineCommand, UsageError } from "./command.ts";

export default defineCommand({
  name: "config",
  summary: "Shows the settings, or tells all that is wrong with them",
  usage: `Usage: deno task kowalski config show  [--config FILE] [--json]
       deno task kowalski config check [--config FILE] [--json]

  show           every setting as it is in the end, with secrets blanked
  check          tells each fault, with its place; the exit code is 0 where there is none
  --config FILE  your settings file; else KOWALSKI_CONFIG, else config.yaml of this folder`,
  async run(args) {
    const { values, positionals: [what] } = parseArgs({
      args,
      allowPositionals: true,
      options: { config: { type: "string" }, json: { type: "boolean", default: false } },
    });
    const read = () => readSettings({ env: Deno.env.toObject(), file: values.config });
    switch (what) {
      case "show": {
        const settings = blanked(await read());
        if (values.json) printJson(settings);
        else console.log(stringify(settings, { aliasDuplicateObjects: false }).trimEnd());
        return 0;
      }
      case "check":
        return await check(read, values.json);
      default:
        throw new UsageError(`config takes show or check: current value is ${what ?? "nothing"}`);
    }
  },
});

async function check(read: () => Promise<unknown>, asJson: boolean): Promise<number> {
  try {
    await read();
    if (asJson) printJson({ faults: [] });
    else console.log(paint("green", "The settings are well"));
    return 0;
  } catch (error) {
    if (!(error instanceof SettingsError)) throw error;
    if (asJson) printJson({ faults: error.faults });
    else console.log(paint("red", error.message));
    return 1;
  }
}
