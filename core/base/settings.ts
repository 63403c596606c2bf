/**
 * Settings: defaults, the operator's file over them, the environment over both, checked as a whole.
 * Nothing here reads the environment, or a file but for secrets: `read_settings.ts` does, for programs.
 */
import { parse as parseYaml } from "yaml";
import type { z } from "zod";
import { nearest } from "./nearest.ts";
import { Settings } from "./settings_schema.ts";
import {
  envName,
  isMapping,
  isSecret,
  keysAt,
  merge,
  type Path,
  type Place,
  places,
  type Tree,
  valueAt,
  withValue,
} from "./settings_tree.ts";

export { Settings } from "./settings_schema.ts";

export interface SettingsFile {
  /** As people named it. */
  readonly path: string;
  readonly text: string;
}

export interface SettingsSources {
  readonly defaultsText: string;
  /** Secrets made for this machine (`local_secrets.ts`), over the defaults. */
  readonly secrets?: SettingsFile | undefined;
  /** The operator's. */
  readonly file?: SettingsFile | undefined;
  readonly env: Readonly<Record<string, string>>;
  /** Reads the file that a name with `_FILE` at its end gives. */
  readonly readSecret?: (path: string) => string;
}

/** One thing that is wrong with the settings. */
export interface SettingsFault {
  /** `server.port`, or the name in the environment that nothing answers to. */
  readonly key: string;
  /** The file or the name in the environment that says so. */
  readonly from: string;
  /** What it must be, and what it is. */
  readonly message: string;
}

/** Everything that is wrong with the settings, a line each. */
export class SettingsError extends Error {
  override name = "SettingsError";
  constructor(readonly faults: readonly SettingsFault[]) {
    const lines = faults.map(({ key, from, message }) => `  ${key}: ${message} (from ${from})`);
    super(`Cannot use these settings:\n${lines.join("\n")}`);
  }
}

/** Names in the environment that begin like settings and are none. */
const OTHER_NAMES = /^KOWALSKI_(CONFIG|CACHE_DIR|TEST_[A-Z_]+)$/;
const HIDDEN = "***";
/** The library prints what it warns of, and that may be a secret. */
const QUIET = { logLevel: "error" } as const;

/** Throws a `SettingsError` that tells every fault. */
export function loadSettings(sources: SettingsSources): Settings {
  const faults: SettingsFault[] = [];
  const files = [
    { path: "the defaults", text: sources.defaultsText },
    ...sources.secrets ? [sources.secrets] : [],
    ...sources.file ? [sources.file] : [],
  ].map((file) => ({ from: file.path, tree: readFile(file, faults) }));
  const filed = files.reduce((under, { tree }) => merge(under, tree), {} as Tree);
  const env = readEnv(filed, sources, faults);
  const tree = env.reduce((under, { path, value }) => withValue(under, path, value), filed);

  const settings = Settings.safeParse(tree);
  for (const issue of settings.error?.issues ?? []) {
    faults.push(...toFaults(issue, tree, fromOf));
  }
  if (faults.length > 0 || !settings.success) throw new SettingsError(faults);
  return settings.data;

  /** Who has the last word on what is at `path`. */
  function fromOf(path: Path): string {
    const isAbove = (above: Path) => above.every((key, i) => path[i] === key);
    return env.findLast((entry) => isAbove(entry.path))?.name ??
      files.findLast(({ tree }) => valueAt(tree, path) !== undefined)?.from ??
      files.findLast(({ tree }) => valueAt(tree, path.slice(0, -1)) !== undefined)?.from ??
      files[0]!.from;
  }
}

/** A copy to print: with `***` for secrets, and for the password in an address. */
export function blanked(settings: Settings): Tree {
  const tree = structuredClone(settings) as Tree;
  let blank = tree;
  for (const { path, schema } of places(Settings, tree)) {
    const value = valueAt(tree, path);
    if (isSecret(schema) && value !== null && value !== undefined) {
      blank = withValue(blank, path, HIDDEN);
    } else if (typeof value === "string") {
      blank = withValue(blank, path, value.replace(/(?<=:\/\/[^/@:]*:)[^/@]*(?=@)/, HIDDEN));
    }
  }
  return blank;
}

/** Throws a `SettingsError` for each of these secrets that nobody has set. */
export function demandSecrets(settings: Settings, paths: readonly Path[]): void {
  const faults = paths.filter((path) => valueAt(settings, path) === null).map((path) => ({
    key: path.join("."),
    from: "the defaults",
    message: `must be set: as ${envName(path)}, as a file that ${envName(path)}_FILE names, ` +
      "or in your own settings file",
  }));
  if (faults.length > 0) throw new SettingsError(faults);
}

function readFile({ path, text }: SettingsFile, faults: SettingsFault[]): Tree {
  let tree: unknown;
  try {
    tree = parseYaml(text, QUIET) ?? {};
  } catch (error) {
    const [message] = (error as Error).message.split("\n");
    faults.push({ key: "The file", from: path, message: `must be YAML: ${message}` });
    return {};
  }
  // The original keeps all of its settings under one root key.
  if (isMapping(tree) && "kowalski" in tree) tree = tree.kowalski ?? {};
  if (isMapping(tree)) return tree;
  faults.push({ key: "The file", from: path, message: "must be a mapping of settings" });
  return {};
}

interface EnvEntry {
  readonly name: string;
  readonly path: Path;
  readonly value: unknown;
}

function readEnv(filed: Tree, sources: SettingsSources, faults: SettingsFault[]): EnvEntry[] {
  const known = new Map<string, Place>(
    [...places(Settings, filed)].map((place) => [envName(place.path), place]),
  );
  const entries: EnvEntry[] = [];
  for (const [name, text] of Object.entries(sources.env)) {
    if (!name.startsWith("KOWALSKI_") || OTHER_NAMES.test(name)) continue;
    const place = known.get(name);
    const filePlace = name.endsWith("_FILE")
      ? known.get(name.slice(0, -"_FILE".length))
      : undefined;
    if (place) {
      entries.push({ name, path: place.path, value: readValue(text, place.schema) });
    } else if (filePlace) {
      try {
        const secret = (sources.readSecret ?? Deno.readTextFileSync)(text).replace(/\r?\n$/, "");
        entries.push({ name, path: filePlace.path, value: readValue(secret, filePlace.schema) });
      } catch (error) {
        const message = `must name a file that can be read: ${(error as Error).message}`;
        faults.push({ key: filePlace.path.join("."), from: name, message });
      }
    } else {
      const meant = nearest(name, known.keys());
      const message = `is no setting${meant ? `: did you mean ${meant}?` : ""}`;
      faults.push({ key: name, from: "the environment", message });
    }
  }
  // The wider first, so that KOWALSKI_KAFKA_SASL doesn't undo KOWALSKI_KAFKA_SASL_PASSWORD.
  return entries.sort((a, b) => a.path.length - b.path.length);
}

/** As YAML, unless only the text itself is what the schema takes: a password may look like a number. */
function readValue(text: string, schema: z.ZodType): unknown {
  let value: unknown = text;
  try {
    value = parseYaml(text, QUIET);
  } catch {
    // Not YAML, so it is the text itself, or a fault that the schema will tell.
  }
  return !schema.safeParse(value).success && schema.safeParse(text).success ? text : value;
}

function toFaults(
  issue: z.core.$ZodIssue,
  tree: Tree,
  fromOf: (path: Path) => string,
): SettingsFault[] {
  const path = issue.path.map(String);
  if (issue.code === "unrecognized_keys") {
    return issue.keys.map((key) => {
      const meant = nearest(key, keysAt(Settings, path) ?? []);
      const message = `is no setting${
        meant ? `: did you mean ${[...path, meant].join(".")}?` : ""
      }`;
      return { key: [...path, key].join("."), from: fromOf([...path, key]), message };
    });
  }
  const value = JSON.stringify(valueAt(tree, path));
  const current = isHidden(path, tree) ? "is not shown" : `is ${value?.slice(0, 100) ?? "nothing"}`;
  const message = `${issue.message}: current value ${current}`;
  return [{ key: path.join("."), from: fromOf(path), message }];
}

/** Whether it is a secret, or holds one. */
function isHidden(path: Path, tree: Tree): boolean {
  if (path.join(".") === "database.uri") return true; // It may hold a password.
  return [...places(Settings, tree)]
    .some((place) => isSecret(place.schema) && path.every((key, i) => place.path[i] === key));
}
