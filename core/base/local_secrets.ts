/** The secrets of a machine that nobody has set up: made at the first run, and the same ever after. */
import { stringify } from "yaml";
import type { SettingsFile } from "./settings.ts";

const SECRET_BYTES = 32;

/**
 * `secrets.yaml` of the data folder, for its owner's eyes only: the administrator's password and the
 * keys of tokens and of edge and core. Two processes that start at once get the same.
 */
export async function generateLocalSecrets(dataDir: string): Promise<SettingsFile> {
  const path = `${dataDir}/secrets.yaml`;
  await Deno.mkdir(dataDir, { recursive: true });
  const made = `${path}.${crypto.randomUUID()}`;
  await Deno.writeTextFile(made, stringify(newSecrets()), { createNew: true, mode: 0o600 });
  try {
    await Deno.link(made, path); // Fails where there are secrets already, and is never half done.
  } catch (error) {
    if (!(error instanceof Deno.errors.AlreadyExists)) throw error;
  } finally {
    await Deno.remove(made);
  }
  return { path, text: await Deno.readTextFile(path) };
}

function newSecrets() {
  return {
    server: { admin_password: randomText(), JWT_SECRET_KEY: randomText() },
    core: { edge_key: randomText() },
  };
}

function randomText(): string {
  return crypto.getRandomValues(new Uint8Array(SECRET_BYTES))
    .toBase64({ alphabet: "base64url", omitPadding: true });
}
