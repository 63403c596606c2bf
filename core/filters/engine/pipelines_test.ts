/**
 * Random pipelines on random documents, here and on a real server: the same documents, or no answer where
 * it has none. `KOWALSKI_TEST_FULL=1` for 100,000 pairs; `KOWALSKI_TEST_SEED` for others.
 */
import { assert, assertEquals } from "@std/assert";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { compareOnServer, type Difference } from "../../../tests/support/filter_oracle.ts";
import { type TestDatabase, testDatabase } from "../../../tests/support/mongo.ts";
import { Random } from "../../../tests/support/random.ts";
import { randomDocument } from "../../../tests/support/random_documents.ts";
import { randomPipeline } from "../../../tests/support/random_pipelines.ts";
import type { Document } from "../../contract/document.ts";
import { canonicalText } from "./canonical.ts";
import { StreamContext } from "./context.ts";
import { FilterError, NotCompiled } from "./errors.ts";
import { Clock } from "./plan/memo.ts";
import { InputNode } from "./plan/nodes.ts";
import { Router } from "./plan/route.ts";
import { compileFlows } from "./stages/compile_stage.ts";

const PAIRS = Deno.env.get("KOWALSKI_TEST_FULL") === "1" ? 100_000 : 5_000;
const SEED = Number(Deno.env.get("KOWALSKI_TEST_SEED") ?? 1);
const DOCUMENTS = 5;
const ROUND = 500;
const LANES = 4;

/**
 * Whether a document fails or is left out first, MongoDB decides by what is cheaper: either way it
 * doesn't pass. Only `$facet` makes something of nothing.
 */
function isExcused({ here, there }: Difference, pipeline: readonly Document[]): boolean {
  const both = [here, there];
  const failsOnce = both.some((text) => text.startsWith("error"));
  return failsOnce && (both.includes("") || pipeline.some((stage) => "$facet" in stage));
}

type Run = (document: Document) => readonly Document[];

describe("pipelines and MongoDB", () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await testDatabase()));
  afterAll(() => database[Symbol.asyncDispose]());

  for (let round = 0; round < PAIRS / DOCUMENTS / ROUND; round++) {
    const seed = SEED + round;
    it(`agree on ${ROUND} pipelines with ${DOCUMENTS} documents each, seed ${seed}`, async () => {
      const random = new Random(seed);
      const pipelines = Array.from({ length: ROUND }, () => randomPipeline(random));
      const seen = { compared: 0, failed: 0, notCompiled: 0 };
      const differences: string[] = [];
      const lane = async () => {
        for (let pipeline = pipelines.pop(); pipeline !== undefined; pipeline = pipelines.pop()) {
          const documents = Array.from({ length: DOCUMENTS }, () => randomDocument(random));
          for (const compile of [asPlan, asStream]) {
            const run = compiled(compile, pipeline);
            if (run === undefined) {
              seen.notCompiled += documents.length;
              continue;
            }
            const found = await compareOnServer(
              database.client.db(database.name),
              pipeline,
              documents,
              run,
              {
                isOneToOne: false,
                isOrdered: !pipeline.some((stage) => "$group" in stage || "$sortByCount" in stage),
              },
            );
            seen.compared += found.compared;
            seen.failed += found.failed;
            seen.notCompiled += found.notCompiled;
            differences.push(
              ...found.differences.filter((each) => !isExcused(each, pipeline)).map((
                { document, here, there },
              ) =>
                [compile.name, canonicalText(pipeline), canonicalText(document), here, there].join(
                  "\n  ",
                )
              ),
            );
          }
        }
      };
      await Promise.all(Array.from({ length: LANES }, lane));
      assertEquals(differences.slice(0, 3), []);
      assert(seen.notCompiled < 0.3 * seen.compared, JSON.stringify(seen));
      assert(seen.failed < 0.6 * seen.compared, JSON.stringify(seen));
    });
  }
});

function compiled(compile: (pipeline: readonly Document[]) => Run, pipeline: readonly Document[]) {
  try {
    return compile(pipeline);
  } catch (error) {
    if (error instanceof NotCompiled || error instanceof FilterError) return undefined;
    throw error;
  }
}

function asStream(pipeline: readonly Document[]): Run {
  const flow = compileFlows(pipeline, StreamContext.root(() => new Date()));
  return (document) => flow([document]);
}

function asPlan(pipeline: readonly Document[]): Run {
  const clock = new Clock();
  const now = () => new Date();
  const input = new InputNode(clock, now);
  const { checks, documents } = new Router(input, now).route(pipeline);
  return (document) => {
    input.input = document;
    clock.tick++;
    return checks.every((check) => check.get()) ? documents.get() : [];
  };
}
