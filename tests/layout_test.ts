/** Where the layout is broken: imports across borders, long files, files that say nothing of themselves. */
import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { type Import, importsOf, sourceFiles, withoutComments } from "./support/imports.ts";
import { ONLY_IMPORTERS, ROOTS, ROOTS_ROW, type Rule, RULES } from "./support/layout.ts";

const ROOT = new URL("..", import.meta.url).pathname;
const LINES_MAX = 400;
/** They start things of all folders. */
const FREE = /^(tests|deploy)\//;

const files = new Map(
  sourceFiles(ROOT).map((path) => [path, Deno.readTextFileSync(`${ROOT}/${path}`)]),
);

describe("layout", () => {
  it("nobody imports across a border", () => {
    const wrong = [...files].flatMap(([path, code]) => isTest(path) ? [] : broken(path, code));
    assert.deepEqual(wrong, []);
  });

  it("nobody imports a root", () => {
    const wrong = [...files].flatMap(([path, code]) =>
      isTest(path) ? [] : importsOf(path, code)
        .filter(({ target, isOurs, isType }) => isOurs && !isType && ROOTS.test(target))
        .map(({ target }) => `${path} imports ${target}`)
    );
    assert.deepEqual(wrong, []);
  });

  it(`no file has more than ${LINES_MAX} lines`, () => {
    const long = [...files].map(([path, code]) => ({ path, lines: code.split("\n").length - 1 }))
      .filter(({ lines }) => lines > LINES_MAX);
    assert.deepEqual(long, []);
  });

  it("each file that is no test begins with a sentence, or says it of the one thing it exports", () => {
    const silent = [...files].filter(([path, code]) => !isTest(path) && !hasFirstSentence(code))
      .map(([path]) => path);
    assert.deepEqual(silent, []);
  });

  it("files are named for what they hold, in snake case", () => {
    const wrong = [...files.keys()].filter((path) =>
      path.split("/").some((part) => /^(index|mod)\.ts$|^utils?(\.ts)?$/.test(part)) ||
      !/^[a-z0-9_/.]+(\.d)?\.ts$/.test(path)
    );
    assert.deepEqual(wrong, []);
  });

  it("ARCHITECTURE.md's table is the one that is tested", () => {
    const text = Deno.readTextFileSync(`${ROOT}/ARCHITECTURE.md`);
    const rows = [...RULES, ROOTS_ROW].map(({ from, mayImport }) => [from, mayImport]);
    const toPaste = rows.map(([from, mayImport]) => `| ${from} | ${mayImport} |`).join("\n");
    assert.deepEqual(rowsOf(text, "may import"), rows, `Its rows must be:\n${toPaste}`);
  });
});

describe("the test of the layout itself", () => {
  it("sees what is wrong", () => {
    const cases: [string, string, RegExp | null][] = [
      ["core/astro/a.ts", 'import { x } from "../base/log.ts";', /core\/base\/log\.ts/],
      ["core/astro/a.ts", 'import type { X } from "../contract/survey.ts";', null],
      ["core/astro/a.ts", 'import { type X } from "../contract/survey.ts";', null],
      ["core/astro/a.ts", 'import { type X, y } from "../contract/survey.ts";', /contract/],
      ["core/pipeline/a.ts", 'const x = await import("../archive/open.ts");', /archive/],
      ["core/pipeline/a.ts", "await Deno.readFile(path);", /Deno/],
      ["core/pipeline/a.ts", "// Never Deno.readFile here.", null],
      ["core/queries/a.ts", 'import { open } from "../archive/open.ts";', /archive/],
      ["core/queries/a.ts", 'import type { Archive } from "../archive/open.ts";', null],
      ["core/broker.ts", 'import { MongoClient } from "mongodb";', /mongodb/],
      ["core/broker.ts", 'import type { Db } from "mongodb";', null],
      ["edge/app.ts", 'export { x } from "../core/archive/view.ts";', /archive/],
      ["edge/app.ts", 'import { readFile } from "node:fs";', /node:fs/],
      ["edge/routes/a.ts", 'import { z } from "zod";\nimport { app } from "../app.ts";', null],
      ["models/a.ts", '/** import { x } from "../core/archive/open.ts"; */', null],
    ];
    for (const [path, code, expected] of cases) {
      const wrong = broken(path, code).join("\n");
      if (expected === null) assert.equal(wrong, "", `${path}: ${code}`);
      else assert.match(wrong, expected, `${path}: ${code}`);
    }
  });

  it("sees files without a first sentence", () => {
    assert.ok(hasFirstSentence("/** Says what it is. */\n"));
    assert.ok(hasFirstSentence("/**\n * Says what it is, over\n * two lines.\n */\n"));
    assert.ok(hasFirstSentence("// Says what it is.\n"));
    assert.ok(
      hasFirstSentence('import { x } from "./x.ts";\n\n/** Says it. */\nexport default x;'),
    );
    assert.ok(!hasFirstSentence('import { x } from "./x.ts";\n/** Too late. */\n'));
    assert.ok(!hasFirstSentence("export default 1;\n"));
    assert.ok(!hasFirstSentence("/** @module */\n"));
  });
});

/** How `code` at `path` breaks the rules, a line each. */
function broken(path: string, code: string): string[] {
  if (FREE.test(path) || ROOTS.test(path)) return [];
  const rule = RULES.find(({ files }) => files.test(path));
  const wrong = importsOf(path, code)
    .filter((found) => !isAllowed(path, found, rule))
    .map(({ target, isType }) => `${path} imports ${isType ? "types of " : ""}${target}`);
  const used = rule?.mustNotUse?.exec(withoutComments(code))?.[0];
  return used === undefined ? wrong : [...wrong, `${path} uses ${used}`];
}

function isAllowed(path: string, { target, isOurs, isType }: Import, rule?: Rule): boolean {
  if (isOurs) {
    if (rule === undefined) return true;
    return folderOf(target) === folderOf(path) || rule.ours.test(target) ||
      isType && rule.types?.test(target) === true;
  }
  if (isType) return true;
  const [owner] = Object.entries(ONLY_IMPORTERS)
    .filter(([name]) => target === name || target.startsWith(`${name}/`));
  return (owner === undefined || owner[1].test(path)) && (rule?.packages?.test(target) ?? true);
}

function folderOf(path: string): string {
  return path.slice(0, path.lastIndexOf("/") + 1);
}

function isTest(path: string): boolean {
  return path.endsWith("_test.ts");
}

/** A comment that says something: at the top, or right before the default export. */
function hasFirstSentence(code: string): boolean {
  const top = /^(?:\/\*\*?([\s\S]*?)\*\/|((?:\/\/[^\n]*\n)+))/.exec(code);
  const ofExport = /\/\*\*((?:(?!\*\/)[\s\S])*)\*\/\s*export default/.exec(code);
  return [top?.[1], top?.[2], ofExport?.[1]].some((comment = "") => {
    const words = comment.replaceAll(/^\s*(\*|\/\/)/gm, "").trim();
    return /^[^@\s]+\s[\s\S]*[.:!?]/.test(words);
  });
}

/** The cells of the table whose last heading is `heading`. */
function rowsOf(markdown: string, heading: string): string[][] {
  const lines = markdown.split("\n");
  const at = lines.findIndex((line) => line.startsWith("|") && cellsOf(line).at(-1) === heading);
  const rows = lines.slice(at + 2);
  const end = rows.findIndex((line) => !line.startsWith("|"));
  return at < 0 ? [] : rows.slice(0, end < 0 ? rows.length : end).map(cellsOf);
}

function cellsOf(line: string): string[] {
  return line.split("|").slice(1, -1).map((cell) => cell.trim());
}
