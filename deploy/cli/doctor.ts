/** `kowalski doctor`: looks at everything that the system needs, and says what to do where it lacks. */
import { parseArgs } from "node:util";
import { readSettings } from "../../core/base/read_settings.ts";
import { type Settings, SettingsError } from "../../core/base/settings.ts";
import { type Check, type Finding, systemChecks } from "./_checks.ts";
import { paint, printJson } from "./_output.ts";
import { defineCommand } from "./command.ts";

export default defineCommand({
  name: "doctor",
  summary: "Looks at all that the system needs, and says what to do",
  usage: `Usage: deno task kowalski doctor [--config FILE] [--json]

Looks at the version of Deno, settings, MongoDB, Kafka, networks, disk and clock. The exit code is 0 where
nothing is wrong; a warning is not wrong.`,
  async run(args) {
    const { values } = parseArgs({
      args,
      options: { config: { type: "string" }, json: { type: "boolean", default: false } },
    });
    const { settings, finding } = await lookAtSettings(values.config);
    const findings = [finding, ...settings ? await lookAt(systemChecks(settings)) : []];
    if (values.json) printJson({ findings });
    else findings.forEach(print);
    return findings.some(({ state }) => state === "wrong") ? 1 : 0;
  },
});

async function lookAtSettings(
  file: string | undefined,
): Promise<{ settings: Settings | null; finding: Finding }> {
  try {
    const settings = await readSettings({ env: Deno.env.toObject(), file });
    return { settings, finding: { what: "settings", state: "well", found: "no fault" } };
  } catch (error) {
    const finding: Finding = {
      what: "settings",
      state: "wrong",
      found: (error as Error).message,
      next: error instanceof SettingsError
        ? "Correct them; `kowalski config check` tells them again"
        : "Name a file that is there by --config",
    };
    return { settings: null, finding };
  }
}

async function lookAt(checks: readonly Check[]): Promise<Finding[]> {
  return await Promise.all(checks.map(async ({ what, look, next }) => {
    try {
      return { what, ...await look() };
    } catch (error) {
      const found = error instanceof Error ? error.message : String(error);
      return { what, state: "wrong" as const, found, next };
    }
  }));
}

const MARKS = {
  well: paint("green", "well   "),
  warning: paint("yellow", "warning"),
  wrong: paint("red", "wrong  "),
  unused: paint("grey", "unused "),
};

function print({ what, state, found, next }: Finding): void {
  console.log(`${MARKS[state]}  ${what.padEnd(9)} ${found}`);
  if (next !== undefined) console.log(`${" ".repeat(19)}-> ${next}`);
}
