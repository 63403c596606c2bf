/** A Python with packages that tests read our answers with. */

export interface PythonOptions {
  /** As pip takes them. */
  readonly packages: readonly string[];
  /** A program that fails where they aren't there. */
  readonly has: string;
  /** Whether to install them where they aren't; else only a Python that has them is used. */
  readonly install: boolean;
  /** Where they are installed, to be found there the next time; a folder for this run by default. */
  readonly folder?: string;
}

/** That of `KOWALSKI_TEST_VENV`, of the path, or of a folder that is made for it. Null: there is none. */
export async function findPython(
  { packages, has, install, folder: kept }: PythonOptions,
): Promise<string | null> {
  const venv = Deno.env.get("KOWALSKI_TEST_VENV") ?? kept;
  for (const python of [...venv === undefined ? [] : [`${venv}/bin/python`], "python3"]) {
    if (await runs(python, ["-c", has])) return python;
  }
  if (!install) return null;
  const folder = venv ?? await Deno.makeTempDir();
  if (venv === undefined) {
    globalThis.addEventListener("unload", () => Deno.removeSync(folder, { recursive: true }));
  }
  const python = `${folder}/bin/python`;
  const pip = ["-m", "pip", "install", "--quiet", "--disable-pip-version-check", ...packages];
  const isMade = await runs("python3", ["-m", "venv", folder]) && await runs(python, pip);
  return isMade ? python : null;
}

/** Whether it is there, and ends well. */
export async function runs(command: string, args: readonly string[]): Promise<boolean> {
  try {
    const { success } = await new Deno.Command(command, {
      args: [...args],
      stdout: "null",
      stderr: "null",
    }).output();
    return success;
  } catch {
    return false; // There is no such program.
  }
}
