/**
 * Random expressions on random documents, here and on a real server: the same value, the same type, an
 * error where it has one. `KOWALSKI_TEST_FULL=1` for 100,000 pairs; `KOWALSKI_TEST_SEED` for others.
 */
import { assert, assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import {
  asRead,
  compareOnServer,
  type Comparison,
  isRefused,
} from "../../../tests/support/filter_oracle.ts";
import { type TestDatabase, testDatabase } from "../../../tests/support/mongo.ts";
import { Random } from "../../../tests/support/random.ts";
import { randomDocument } from "../../../tests/support/random_documents.ts";
import { malformedExpressions } from "../../../tests/support/malformed_expressions.ts";
import { RANDOM_OPERATORS, randomExpression } from "../../../tests/support/random_expressions.ts";
import type { Document } from "../../contract/document.ts";
import { canonicalText } from "./canonical.ts";
import { FilterError, NotCompiled } from "./errors.ts";
import { compileExpression, rootScope } from "./expressions/compile.ts";
import { COMPILED } from "./expressions/operators.ts";

const IS_FULL = Deno.env.get("KOWALSKI_TEST_FULL") === "1";
const PAIRS = IS_FULL ? 100_000 : 5_000;
const SEED = Number(Deno.env.get("KOWALSKI_TEST_SEED") ?? 1);
const DOCUMENTS = 5;
/** Operators within operators. */
const DEPTHS = [1, 2, 2, 3, 4];
/** Expressions that are under way at once. */
const LANES = 4;
/** A round of so many differs in its seed only. */
const ROUND = 1_000;

describe("expressions and MongoDB", () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await testDatabase()));
  afterAll(() => database[Symbol.asyncDispose]());

  for (let round = 0; round < PAIRS / DOCUMENTS / ROUND; round++) {
    const seed = SEED + round;
    it(`agree on ${ROUND} expressions with ${DOCUMENTS} documents each, seed ${seed}`, async () => {
      const random = new Random(seed);
      const expressions = Array.from(
        { length: ROUND },
        () => randomExpression(random, random.pick(DEPTHS)),
      );
      const seen = { compared: 0, failed: 0, notCompiled: 0 };
      const differences: string[] = [];
      const lane = async () => {
        for (let each = expressions.pop(); each !== undefined; each = expressions.pop()) {
          const documents = Array.from({ length: DOCUMENTS }, (_, i) => {
            const document = randomDocument(random);
            return i % 2 === 0 ? document : asRead(document);
          });
          const found = await compare(database, each, documents);
          seen.compared += found.compared;
          seen.failed += found.failed;
          seen.notCompiled += found.notCompiled;
          differences.push(
            ...found.differences.map(({ document, here, there }) =>
              [canonicalText(each), canonicalText(document), here, there].join("\n  ")
            ),
          );
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      assertEquals(differences.slice(0, 3), []);
      // That there was something to compare, and that it wasn't all errors.
      assert(seen.compared > 0.9 * ROUND * DOCUMENTS, JSON.stringify(seen));
      assert(seen.failed < 0.6 * seen.compared, JSON.stringify(seen));
    });
  }

  it("refuse the same expressions", async () => {
    const names = Object.keys(COMPILED).filter((name) => name !== "$rand");
    const all = malformedExpressions(names);
    const random = new Random(SEED);
    const some = IS_FULL ? all : all.filter(() => random.chance(0.08));
    const differences: unknown[] = [];
    let refused = 0;
    for (const each of some) {
      const found = await compare(database, each, [{}]);
      differences.push(...found.differences.map(({ here, there }) => [each, here, there]));
      refused += found.failed;
    }
    assertEquals(differences.slice(0, 5), []);
    assert(refused > some.length / 2, `${refused} of ${some.length}`);
  });

  it("are compared for each operator that is compiled", () => {
    const others = ["$const", "$rand"]; // `$literal` by another name; and never the same.
    const without = Object.keys(COMPILED).filter((name) =>
      !RANDOM_OPERATORS.has(name) && !others.includes(name)
    );
    assertEquals(without, []);
  });
});

async function compare(
  { client, name }: TestDatabase,
  expression: unknown,
  documents: readonly Document[],
): Promise<Comparison> {
  const db = client.db(name);
  const pipeline = [{ $replaceWith: { v: expression } }];
  let run: (document: Document) => readonly Document[];
  let refused: FilterError | undefined;
  try {
    const scope = rootScope();
    const { evaluate } = compileExpression(expression, scope);
    const frame = scope.newFrame();
    run = (document) => {
      const v = evaluate(document, frame);
      return [v === undefined ? {} : { v }];
    };
  } catch (error) {
    if (error instanceof NotCompiled) {
      return { differences: [], compared: 0, failed: 0, notCompiled: documents.length };
    }
    if (!(error instanceof FilterError)) throw error;
    refused = error;
    run = () => {
      throw error;
    };
  }
  // What is refused is refused before there is a document.
  const isRefusedThere = await isRefused(db, pipeline);
  if (isRefusedThere !== (refused !== undefined)) {
    const [here, there] = [String(refused), isRefusedThere ? "refused" : "not refused"];
    return { differences: [{ document: {}, here, there }], compared: 0, failed: 0, notCompiled: 0 };
  }
  if (refused !== undefined) {
    const { length } = documents;
    return { differences: [], compared: length, failed: length, notCompiled: 0 };
  }
  return compareOnServer(db, pipeline, documents, run, { isOneToOne: true });
}
