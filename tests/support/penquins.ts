/** A Python that has the client which people use, unmodified. */
import { cacheFolder } from "../../deploy/local/cache_folder.ts";
import { findPython, runs } from "./python.ts";

const VERSION = "2.4.2";

/** Null, and said so, where it can't be had. Installed once, beside what else is fetched. */
export async function findPenquins(): Promise<string | null> {
  const python = await findPython({
    packages: [`penquins==${VERSION}`],
    has: `import penquins; assert penquins.__version__ == "${VERSION}"`,
    install: true,
    folder: `${cacheFolder()}/penquins-${VERSION}`,
  });
  if (python === null) {
    console.log(`Skipped: penquins can't be had here (it needs python3 and a package index)`);
  }
  return python;
}

/** The tests that its authors published with it, as they are, in a folder; null where they can't be had. */
export async function findPenquinsTests(python: string): Promise<string | null> {
  const folder = `${cacheFolder()}/penquins-${VERSION}-tests`;
  const tests = `${folder}/penquins-${VERSION}/tests`;
  const isThere = await Deno.stat(tests).catch(() => null);
  if (isThere) return tests;
  const fetched = ["-m", "pip", "download", "--quiet", "--disable-pip-version-check"];
  const source = ["--no-deps", "--no-binary", ":all:", "--dest", folder, `penquins==${VERSION}`];
  const unpack =
    `import tarfile; tarfile.open("${folder}/penquins-${VERSION}.tar.gz").extractall("${folder}")`;
  const isDone = await runs(python, [...fetched, ...source]) && await runs(python, ["-c", unpack]);
  if (!isDone) {
    console.log(`Skipped: the tests of penquins can't be had here (they need a package index)`);
  }
  return isDone ? tests : null;
}
