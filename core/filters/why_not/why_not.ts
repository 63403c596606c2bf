/**
 * Why an alert didn't pass a filter: its stages one after the other, how many documents went in and
 * came out, and what each `$match` found of what it asked for.
 */
import type { Document } from "../../contract/document.ts";
import type { ConditionReport, StageReport, WhyReport } from "../../contract/filter_reports.ts";
import { isOverruled } from "../engine/stages/compile_stage.ts";
import { isNumber, isObject } from "../engine/values.ts";
import { readQuery } from "../query_tree.ts";
import { brief } from "../words/value_text.ts";
import { conditionReports } from "./conditions.ts";
import { lack } from "./field_condition.ts";
import { Judge, type RunElsewhere, type Step } from "./judge.ts";
import { type Before, madeFrom, madeOf } from "./made_of.ts";

export interface WhyOptions {
  /** For what isn't compiled. */
  readonly runElsewhere: RunElsewhere;
  /** What `$$NOW` is. */
  readonly now: Date;
  /** It is told of what was seen by then. */
  readonly timeMsMax: number;
  /** Units of the alert's fields, by path. */
  readonly units: ReadonlyMap<string, string>;
}

/** Of so many documents that a `$match` let none of through, the nearest is looked for. */
const DOCUMENTS_MAX = 50;
const COMPUTED_MAX = 30;

/** The input is what the survey shows filters of the alert. */
export async function whyNot(
  pipeline: readonly Document[],
  input: Document,
  options: WhyOptions,
): Promise<WhyReport> {
  const { runElsewhere, now, timeMsMax } = options;
  const judge = new Judge(runElsewhere, now, timeMsMax);
  const before: Before[] = [];
  const stages: StageReport[] = [];
  let documents: readonly Document[] = [input];
  for (const [i, stage] of pipeline.entries()) {
    const step: Step = isOverruled(pipeline, i)
      ? { documents, ran: "in process" }
      : await judge.run(stage, i + 1, documents);
    const seen = "$match" in stage && documents.length > 0
      ? { conditions: await matched(stage.$match, i + 1, documents, { judge, before, options }) }
      : {};
    const computed = computedBy(stage, step.documents[0]);
    stages.push({
      stage: i + 1,
      name: Object.keys(stage)[0]!,
      in: documents.length,
      out: step.documents.length,
      ran: step.ran,
      ...seen,
      ...computed && { computed },
      ...step.failure !== undefined && { failure: step.failure },
    });
    if (step.failure !== undefined) return failed(stages);
    before.push({ stage, document: documents[0] ?? {} });
    documents = step.documents;
  }
  return judged(stages, documents);
}

/** The conditions as the document saw them that came through, or came nearest to it. */
async function matched(
  query: unknown,
  stage: number,
  documents: readonly Document[],
  { judge, before, options }: { judge: Judge; before: readonly Before[]; options: WhyOptions },
): Promise<readonly ConditionReport[]> {
  const node = readQuery(query, ["$match"]);
  let best: readonly ConditionReport[] = [];
  let leastLack = Infinity;
  for (const document of documents.slice(0, DOCUMENTS_MAX)) {
    const reports = await conditionReports(node, {
      stage,
      document,
      judge,
      unitOf: (path) => madeOf(path, before) ? undefined : options.units.get(path),
      // What came of the first document is known, and of no other.
      madeOf: (path) => document === documents[0] ? madeOf(path, before) : undefined,
      madeFrom: (expression) => madeFrom(expression, [...before, { stage: {}, document }]),
    });
    const lacking = lack(reports);
    if (lacking < leastLack) [best, leastLack] = [reports, lacking];
    if (lacking === 0) break;
  }
  return best;
}

/** The top-level fields that a stage computes, as they came out. */
function computedBy(stage: Document, document: Document | undefined): Document | undefined {
  const [[name, specification]] = Object.entries(stage) as [[string, unknown]];
  if (document === undefined || !COMPUTING.has(name) || !isObject(specification)) return undefined;
  const names = name === "$replaceRoot" || name === "$replaceWith" || name === "$group"
    ? Object.keys(document)
    : Object.entries(specification)
      .filter(([, shown]) => typeof shown !== "boolean" && !isNumber(shown))
      .map(([field]) => field.split(".")[0]!);
  const computed = [...new Set(names)].slice(0, COMPUTED_MAX)
    .filter((field) => document[field] !== undefined)
    .map((field) => [field, brief(document[field])]);
  return computed.length > 0 ? Object.fromEntries(computed) : undefined;
}

const COMPUTING = new Set([
  "$project",
  "$addFields",
  "$set",
  "$replaceRoot",
  "$replaceWith",
  "$group",
]);

function failed(stages: readonly StageReport[]): WhyReport {
  const { stage, name, failure } = stages.at(-1)!;
  return {
    passes: false,
    reason: `stage ${stage}, ${name}, can't be run on this alert: ${failure}`,
    stopped_at: stage,
    stages,
  };
}

function judged(stages: readonly StageReport[], documents: readonly Document[]): WhyReport {
  const [result, ...others] = documents;
  if (result !== undefined && others.length === 0) {
    return { passes: true, reason: "exactly one document came out", stages, result };
  }
  const isNone = result === undefined;
  // From it on, nothing made one document of none, or of many.
  const stopped = stages.findLast((stage) =>
    isNone ? stage.in > 0 && stage.out === 0 : stage.in <= 1 && stage.out > 1
  )!;
  return {
    passes: false,
    reason: isNone
      ? `stage ${stopped.stage}, ${stopped.name}, lets nothing through`
      : `stage ${stopped.stage}, ${stopped.name}, makes ${stopped.out} documents, of which ` +
        `${documents.length} come out: exactly one must`,
    stopped_at: stopped.stage,
    stages,
  };
}
