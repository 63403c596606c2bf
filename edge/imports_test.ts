import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";

/** What of the edge runs wherever `fetch` handlers run, and so may use web standards only. */
const ROOTS = [
  "app.ts",
  ...[...Deno.readDirSync(new URL("./routes/", import.meta.url))]
    .map(({ name }) => `routes/${name}`).filter((name) => !name.endsWith("_test.ts")),
];
/** Packages of pure JavaScript without an import of `node:` where there is no Node. */
const PACKAGES = /^(hono(\/.*)?|zod|bson|@noble\/hashes\/.*)$/;

interface Sources {
  readonly files: ReadonlyMap<string, string>;
  readonly packages: ReadonlySet<string>;
}

/** Follows imports, also those of types only: what isn't there can't be reached by mistake. */
function sourcesOf(roots: readonly string[]): Sources {
  const files = new Map<string, string>();
  const packages = new Set<string>();
  const waiting = roots.map((root) => new URL(root, import.meta.url));
  for (let url = waiting.pop(); url !== undefined; url = waiting.pop()) {
    if (files.has(url.href)) continue;
    const text = Deno.readTextFileSync(url);
    files.set(url.href, text);
    for (const [, specifier] of text.matchAll(/\bfrom\s+"([^"]+)"|\bimport\(?\s*"([^"]+)"/g)) {
      if (specifier!.startsWith(".")) waiting.push(new URL(specifier!, url));
      else packages.add(specifier!);
    }
  }
  return { files, packages };
}

describe("the edge's app and routes", () => {
  const { files, packages } = sourcesOf(ROOTS);

  it("are followed through all that they import", () => {
    const names = [...files.keys()].map((url) => url.split("/").slice(-2).join("/"));
    for (const name of ["edge/app.ts", "routes/queries.ts", "contract/json.ts", "edge/ask.ts"]) {
      assert(names.includes(name), `${name} is not among ${names}`);
    }
  });

  it("import no package but pure JavaScript's: no driver, nothing of Node", () => {
    assertEquals([...packages].filter((name) => !PACKAGES.test(name)), []);
  });

  it("use nothing that only Deno or Node has", () => {
    for (const [url, text] of files) {
      const code = text.replace(/\/\*[^]*?\*\/|\/\/[^\n]*/g, "");
      assertEquals(/\b(Deno|process|Buffer|require)\s*[.(]/.exec(code)?.[0], undefined, url);
    }
  });

  it("come with bson as a browser has it, which imports nothing", async () => {
    const entry = new URL(import.meta.resolve("bson"));
    const browsers = await Deno.readTextFile(new URL("./bson.mjs", entry));
    assertEquals(/^import /m.test(browsers), false);
  });
});
