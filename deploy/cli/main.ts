/** `deno task kowalski COMMAND`: finds the command's file in this folder, and runs it. */
import { nearest } from "../../core/base/nearest.ts";
import { loadFolder } from "../../core/base/registry.ts";
import { SettingsError } from "../../core/base/settings.ts";
import { paint } from "./_output.ts";
import { type Command, UsageError } from "./command.ts";

const OK = 0;
const FAILED = 1;
const MISUSED = 2;

/** Gives the exit code. */
async function main([name, ...args]: string[]): Promise<number> {
  const commands = await loadFolder<Command>(new URL("./", import.meta.url), {
    except: ["main", "command"],
  });
  if (name === undefined || name === "--help" || name === "help") {
    console.log(listOf(commands));
    return name === undefined ? MISUSED : OK;
  }
  const command = commands.get(name);
  if (command === undefined) {
    const meant = nearest(name, commands.keys());
    const hint = meant === undefined ? "see --help" : `did you mean ${meant}?`;
    console.error(`There is no command ${name}: ${hint}`);
    return MISUSED;
  }
  if (args.includes("--help")) {
    console.log(`${command.summary}\n\n${command.usage}`);
    return OK;
  }
  try {
    return await command.run(args);
  } catch (error) {
    if (isMisuse(error)) {
      console.error(`${(error as Error).message}\n\n${command.usage}`);
      return MISUSED;
    }
    // A fault of settings or of a service is told; one of ours needs its stack.
    const isTold = error instanceof SettingsError || (error as Error)?.name !== "TypeError";
    console.error(isTold && error instanceof Error ? error.message : error);
    return FAILED;
  }
}

function listOf(commands: ReadonlyMap<string, Command>): string {
  const width = Math.max(...[...commands.keys()].map((name) => name.length));
  const lines = [...commands.values()]
    .map(({ name, summary }) => `  ${paint("bold", name.padEnd(width))}  ${summary}`);
  return [
    "Usage: deno task kowalski COMMAND [--help] [...]",
    "",
    ...lines,
    "",
    "--help behind a command's name tells how it is called.",
  ].join("\n");
}

/** Ours, or that of `parseArgs`, which says what it can't take in words for people. */
function isMisuse(error: unknown): boolean {
  return error instanceof UsageError ||
    error instanceof Error && "code" in error && String(error.code).startsWith("ERR_PARSE_ARGS");
}

if (import.meta.main) Deno.exit(await main(Deno.args));
