/** Finds plug-ins by their place: a feature is a file with a default export, and no list names it. */

const PLUG_IN = /^(?!_)(.+)(?<!_test)\.ts$/;

/**
 * The default exports of a folder's `.ts` files by their names without `.ts`, in the order of names;
 * without tests, and without what begins with `_`, which is private to the folder. Throws where a
 * file has no default export. `except` names what in the folder is no plug-in.
 */
export async function loadFolder<T>(
  folder: URL,
  { except = [] }: { readonly except?: readonly string[] } = {},
): Promise<Map<string, T>> {
  // Without a slash at its end, the folder's own name would be replaced.
  const base = folder.href.endsWith("/") ? folder : new URL(`${folder.href}/`);
  const names = [...Deno.readDirSync(folder)]
    .filter(({ isFile }) => isFile)
    .flatMap(({ name }) => PLUG_IN.exec(name)?.[1] ?? [])
    .filter((name) => !except.includes(name))
    .sort();
  return new Map(
    await Promise.all(names.map(async (name): Promise<[string, T]> => {
      const url = new URL(`${name}.ts`, base);
      const { default: plugIn } = await import(url.href);
      if (plugIn === undefined) {
        throw new Error(
          `Cannot load ${url.pathname} as it must have a default export: it has none`,
        );
      }
      return [name, plugIn];
    })),
  );
}
