/** Reads which files import which, for the test of the layout. */

export interface Import {
  /** A path from the root of the tree, or the name of a package. */
  readonly target: string;
  readonly isOurs: boolean;
  /** Nothing of it is there when the program runs. */
  readonly isType: boolean;
}

const SKIPPED = new Set(["node_modules", ".git", ".kowalski", "cov"]);

/** All TypeScript files below `root`, by their paths from there. */
export function sourceFiles(root: string, folder = ""): string[] {
  return [...Deno.readDirSync(`${root}/${folder}`)].flatMap(({ name, isDirectory }) => {
    const path = folder === "" ? name : `${folder}/${name}`;
    if (isDirectory) return SKIPPED.has(name) ? [] : sourceFiles(root, path);
    return name.endsWith(".ts") ? [path] : [];
  }).sort();
}

const STATIC = /^\s*(?:import|export)\s+(?:([^;"'`]*?)\s*from\s*)?["']([^"']+)["']/gm;
const DYNAMIC = /\bimport\(\s*["'`]([^"'`]+)["'`]/g;

/** What `code`, the file at `path`, imports: static and dynamic. */
export function importsOf(path: string, code: string): Import[] {
  const bare = withoutComments(code);
  const all = [
    ...[...bare.matchAll(STATIC)].map(([, names = "", target]) => ({
      target: target!,
      isType: isOnlyTypes(names),
    })),
    ...[...bare.matchAll(DYNAMIC)].map(([, target]) => ({ target: target!, isType: false })),
  ];
  return all.map(({ target, isType }) => {
    const isOurs = target.startsWith(".");
    return { target: isOurs ? resolve(path, target) : target, isOurs, isType };
  });
}

/** `type Names`, or `{ type A, type B }`. */
function isOnlyTypes(names: string): boolean {
  if (/^type\s/.test(names)) return true;
  const inBraces = /^\{([\s\S]*)\}$/.exec(names.trim())?.[1];
  const each = inBraces?.split(",").map((name) => name.trim()).filter((name) => name !== "") ?? [];
  return each.length > 0 && each.every((name) => name.startsWith("type "));
}

function resolve(from: string, target: string): string {
  return new URL(target, `file:///${from}`).pathname.slice(1);
}

/** Examples in comments are not imports; what stands in quotes is left whole. */
export function withoutComments(code: string): string {
  return code.replaceAll(
    /("(?:\\.|[^"\\\n])*"|'(?:\\.|[^'\\\n])*')|\/\*[\s\S]*?\*\/|\/\/[^\n]*/g,
    (_all, quoted: string | undefined) => quoted ?? "",
  );
}
