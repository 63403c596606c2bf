/** A Python that has the client which people use, unmodified. */
import { cacheFolder } from "../../deploy/local/cache_folder.ts";
import { findPython } from "./python.ts";

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
