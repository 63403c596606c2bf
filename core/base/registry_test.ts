/** What is found in a folder, and what is left out. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { pathToFileURL } from "node:url";
import { loadFolder } from "./registry.ts";

describe("loadFolder()", () => {
  it("gives default exports by file name, without tests, private and other files", async () => {
    await using folder = await folderOf({
      "b.ts": "export default { name: 'b' };",
      "a_b.ts": "export default { name: 'a' };",
      "a_b_test.ts": "throw new Error('a test was run');",
      "_private.ts": "throw new Error('a private file was run');",
      "README.md": "# Not code",
    });
    const loaded = await loadFolder<{ name: string }>(folder.url);
    assert.deepEqual([...loaded], [["a_b", { name: "a" }], ["b", { name: "b" }]]);
  });

  it("leaves out what it is told to", async () => {
    await using folder = await folderOf({
      "main.ts": "throw new Error('it was run');",
      "a.ts": "export default 1;",
    });
    assert.deepEqual([...await loadFolder(folder.url, { except: ["main"] })], [["a", 1]]);
  });

  it("names a file that has no default export", async () => {
    await using folder = await folderOf({ "odd.ts": "export const name = 'odd';" });
    await assert.rejects(loadFolder(folder.url), /Cannot load .*odd\.ts as it must have a default/);
  });
});

async function folderOf(
  files: Record<string, string>,
): Promise<{ url: URL } & AsyncDisposable> {
  const path = await Deno.makeTempDir({ prefix: "kowalski-registry-test-" });
  for (const [name, text] of Object.entries(files)) {
    await Deno.writeTextFile(`${path}/${name}`, text);
  }
  return {
    url: pathToFileURL(path),
    [Symbol.asyncDispose]: () => Deno.remove(path, { recursive: true }),
  };
}
