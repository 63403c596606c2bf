// Our own matcher must find what PCRE finds in a real MongoDB: random patterns on random texts.
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import { type TestDatabase, testDatabase } from "../../../tests/support/mongo.ts";
import { Random } from "../../../tests/support/random.ts";
import { giveBudget } from "./budget.ts";
import { BudgetError, NotCompiled } from "./errors.ts";
import { compilePattern, type Pattern } from "./pattern.ts";

const IS_FULL = Deno.env.get("KOWALSKI_TEST_FULL") === "1";
const SEED = Number(Deno.env.get("KOWALSKI_TEST_SEED") ?? 1);
const PATTERNS = IS_FULL ? 6_000 : 500;
const TEXTS = 12;

const ATOMS = [
  ...["a", "b", "A", "1", "é", "😀", " ", "_", "-", ".", "\\.", "\\d", "\\D", "\\w", "\\W", "\\s"],
  ...["\\S", "[ab]", "[^a]", "[a-c1]", "[^\\d]", "[\\w-]", "[]a]", "[a\\]]", "\\n", "\\x61", "{"],
];
const PLACES = ["^", "$", "\\b", "\\B", "\\A", "\\z", "\\Z"];
const COUNTS = ["*", "+", "?", "*?", "+?", "??", "{2}", "{1,2}", "{1,}", "{0,2}?", "{,2}"];
const LETTERS = ["a", "b", "c", "A", "B", "1", "é", "É", "😀", " ", "_", "-", ".", "\n", "ab", "{"];

function randomPattern(random: Random, depth: number): string {
  const ways = Array.from(
    { length: random.chance(0.2) ? 2 : 1 },
    () => Array.from({ length: 1 + random.below(3) }, () => randomPiece(random, depth)).join(""),
  );
  return ways.join("|");
}

function randomPiece(random: Random, depth: number): string {
  if (random.chance(0.12)) return random.pick(PLACES);
  const atom = depth > 0 && random.chance(0.35)
    ? randomGroup(random, depth - 1)
    : random.pick(ATOMS);
  return random.chance(0.4) ? atom + random.pick(COUNTS) : atom;
}

function randomGroup(random: Random, depth: number): string {
  const open = random.pick(["(", "(", "(?:", "(?i:", "(?=", "(?!", "((?i)"]);
  return `${open}${randomPattern(random, depth)})`;
}

function compiled(pattern: string, options: string): Pattern | undefined {
  try {
    return compilePattern(pattern, options);
  } catch (error) {
    if (error instanceof NotCompiled) return undefined;
    throw error;
  }
}

describe("compilePattern()", () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await testDatabase()));
  afterAll(() => database[Symbol.asyncDispose]());

  it("finds what MongoDB finds, and what the groups took", async () => {
    const db = database.client.db(database.name);
    const random = new Random(SEED);
    const differences: unknown[] = [];
    let [known, found] = [0, 0];
    for (let i = 0; i < PATTERNS; i++) {
      const regex = randomPattern(random, 2);
      const options = random.pick(["", "", "i", "m", "s", "x", "im"]);
      const texts = Array.from(
        { length: TEXTS },
        () => random.list(8, () => random.pick(LETTERS)).join(""),
      );
      const pattern = compiled(regex, options);
      if (pattern === undefined) continue;
      const rows = await db.aggregate([
        { $documents: { $literal: texts.map((text) => ({ text })) } },
        {
          $project: {
            found: { $regexFind: { input: "$text", regex: { $literal: regex }, options } },
          },
        },
      ]).toArray().catch((error: Error) => error.message);
      known++;
      texts.forEach((text, n) => {
        giveBudget(1_000_000);
        const ours = pattern.find(text);
        const here = ours && { match: text.slice(ours.start, ours.end), captures: ours.captures };
        const row = typeof rows === "string" ? rows : rows[n]!.found;
        const there = row && typeof row === "object"
          ? { match: row.match, captures: row.captures }
          : row;
        if (JSON.stringify(here) !== JSON.stringify(there)) {
          differences.push({ regex, options, text, here, there });
        }
        if (here) found++;
      });
    }
    assertEquals(differences.slice(0, 5), []);
    assert(known > 0.6 * PATTERNS, `${known} known`);
    assert(found > 0.2 * known * TEXTS, `${found} found`);
  });

  it("pays for each step, and ends", () => {
    for (const pattern of ["^(a+)+$", "(a|a)*b", "(a|aa)+b", "a*a*a*a*a*a*a*b"]) {
      giveBudget(100_000);
      const { find } = compilePattern(pattern, "");
      assertThrows(() => find(`${"a".repeat(2_000)}c`), BudgetError);
    }
  });

  it("leaves to MongoDB what it doesn't know", () => {
    for (
      const pattern of [
        "(a)\\1",
        "(?<=a)b",
        "a++",
        "(?>a)",
        "[[:alpha:]]",
        "\\p{L}",
        "(",
        "a**",
        "\\K",
      ]
    ) {
      assertThrows(() => compilePattern(pattern, ""), NotCompiled);
    }
    assertThrows(() => compilePattern("a", "u"), NotCompiled);
  });
});
