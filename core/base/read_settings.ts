/** Reads the settings of a program: for the roots, which have the arguments and the environment. */
import { generateLocalSecrets } from "./local_secrets.ts";
import { loadSettings, type Settings, type SettingsFile } from "./settings.ts";

const DEFAULTS = new URL("../../deploy/settings.defaults.yaml", import.meta.url);
const FILE = "config.yaml";

export interface ReadSettingsOptions {
  /** `Deno.env.toObject()`, of which a root may add to. */
  readonly env: Readonly<Record<string, string>>;
  /** The operator's file; else `KOWALSKI_CONFIG`, else `config.yaml` of this folder if it is there. */
  readonly file?: string | undefined;
  /** Makes secrets in the data folder at the first run, for a system that is all on one machine. */
  readonly localSecrets?: boolean;
}

/** Throws a `SettingsError` that tells every fault, and an `Error` for a file that can't be read. */
export async function readSettings(options: ReadSettingsOptions): Promise<Settings> {
  const { env, localSecrets = false } = options;
  const sources = {
    defaultsText: await Deno.readTextFile(DEFAULTS),
    file: await readFile(options.file ?? env.KOWALSKI_CONFIG),
    env,
  };
  const settings = loadSettings(sources);
  if (!localSecrets) return settings;
  return loadSettings({ ...sources, secrets: await generateLocalSecrets(settings.core.data_dir) });
}

async function readFile(asked: string | undefined): Promise<SettingsFile | undefined> {
  const path = asked || FILE;
  try {
    return { path, text: await Deno.readTextFile(path) };
  } catch (error) {
    if (!asked && error instanceof Deno.errors.NotFound) return undefined;
    throw new Error(
      `Cannot read the settings file ${path} as it must be there: ${(error as Error).message}`,
      { cause: error },
    );
  }
}
