import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { sourceFiles } from "../../tests/support/imports.ts";
import { SKYMAPS } from "../contract/skymaps.ts";
import { PROTECTED_COLLECTIONS } from "./protected.ts";

const ROOT = new URL("../../", import.meta.url).pathname;
/** What the system keeps and people may read. */
const PUBLIC = new Set([SKYMAPS, "TNS"]);

/** Collections that our own code names: by their names, or by a constant that is one. */
function namedCollections(): Set<string> {
  const files = sourceFiles(ROOT).filter((path) =>
    /^(core|deploy)\//.test(path) && !path.endsWith("_test.ts")
  );
  const code = files.map((path) => Deno.readTextFileSync(ROOT + path)).join("\n");
  const constants = new Map(
    [...code.matchAll(/const ([A-Z_]+) = "([^"]+)"/g)].map(([, name, value]) => [name!, value!]),
  );
  const used = code.matchAll(
    /(?:ollection(?:<[^()]*>)?\(|insertAll\(\s*\w+, )(?:"([^"]+)"|([A-Z_]+))[),]/g,
  );
  return new Set(
    [...used].map(([, name, constant]) => name ?? constants.get(constant!) ?? constant!),
  );
}

describe("threat 16.12: what the system keeps for itself under names that nobody protects", () => {
  it("each collection that our code names is protected, or meant for people", () => {
    const open = [...namedCollections()]
      .filter((name) =>
        !PROTECTED_COLLECTIONS.has(name) && !PUBLIC.has(name) && !name.startsWith("system.")
      );
    assertEquals(open, []);
  });

  it("finds the names that there are", () => {
    const named = namedCollections();
    for (const name of ["users", "tokens", "audit", "filters", "outbox", "rejected", SKYMAPS]) {
      assertEquals(named.has(name), true, name);
    }
  });
});
