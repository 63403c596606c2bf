/** Reports of why an alert didn't pass, as people read them. */
import type {
  ConditionReport,
  Ingredient,
  MadeOf,
  Shortfall,
  StageReport,
  WhyReport,
} from "../../contract/filter_reports.ts";
import { itemsText } from "../words/condition_text.ts";
import { valueText } from "../words/value_text.ts";

/** What an object's alerts are told with, a line each. */
export interface AlertLine {
  readonly candid: number | bigint;
  readonly jd: number;
  readonly passes: boolean;
  readonly reason: string;
}

/** The whole report; `subject` is whose it is: `ZTF20aaelulu, candid 1, of filter 7`. */
export function whyText(subject: string, report: WhyReport): string {
  const verdict = report.passes ? "passes" : "does not pass";
  return [
    `${subject}: ${verdict}, as ${report.reason}`,
    "",
    ...report.stages.flatMap(stageLines),
    ...report.result ? ["", `result: ${valueText(report.result)}`] : [],
    "",
  ].join("\n");
}

/** What stopped it, in a line: the stage, and of a `$match` the conditions that failed. */
export function reasonLine(report: WhyReport): string {
  if (report.passes) return report.reason;
  const stopped = report.stages[report.stopped_at! - 1]!;
  const failed = failedLeaves(stopped.conditions ?? []);
  if (stopped.name !== "$match" || failed.length === 0) return report.reason;
  const [first, ...others] = failed.map(conditionText);
  const more = others.length > 0 ? ` (and ${others.length} more)` : "";
  return `stage ${stopped.stage}, $match: ${first}${more}`;
}

export function objectText(subject: string, alerts: readonly AlertLine[], nearest: string): string {
  const lines = alerts.map(({ candid, jd, passes, reason }) =>
    `  ${candid}  JD ${jd.toFixed(5)}  ${passes ? "passes" : reason}`
  );
  return [`${subject}: ${alerts.length} alerts, the newest first`, "", ...lines, "", nearest]
    .join("\n");
}

/** `candidate.drb must be > 0.8: it is 0.62 (0.18 short)`. */
function conditionText(condition: ConditionReport): string {
  const { asks, found, short, nearest, failure } = condition;
  const how = failure !== undefined ? `can't be told: ${failure}` : found;
  const far = [
    ...short ? [shortText(short)] : [],
    ...nearest === undefined ? [] : [`nearest is ${valueText(nearest)}`],
  ];
  return `${asks}${how === undefined ? "" : `: ${how}`}${far.length ? ` (${far.join(", ")})` : ""}`;
}

/** The conditions that have no parts and weren't met. */
function failedLeaves(conditions: readonly ConditionReport[]): ConditionReport[] {
  return conditions.filter(({ holds }) => holds !== true).flatMap((condition) =>
    condition.parts?.length ? failedLeaves(condition.parts) : [condition]
  );
}

function stageLines({ stage, name, failure, ...report }: StageReport): string[] {
  const where = report.ran === "in MongoDB" ? ", in MongoDB" : "";
  return [
    `stage ${stage}, ${name}: ${report.in} in, ${report.out} out${where}`,
    ...failure === undefined ? [] : [`  ${failure}`],
    ...Object.entries(report.computed ?? {}).map(([field, value]) =>
      `  ${field} = ${valueText(value)}`
    ),
    ...(report.conditions ?? []).flatMap((condition) => conditionLines(condition, "  ")),
  ];
}

function conditionLines(condition: ConditionReport, indent: string): string[] {
  const mark = condition.holds === null ? "?" : condition.holds ? "+" : "-";
  return [
    `${indent}${mark} ${conditionText(condition)}`,
    ...condition.made_of ? madeLines(condition.made_of, `${indent}    `) : [],
    ...(condition.parts ?? []).flatMap((part) => conditionLines(part, `${indent}  `)),
  ];
}

function madeLines({ formula, stage, of }: MadeOf, indent: string): string[] {
  return [
    `${indent}from stage ${stage}: ${formula}`,
    ...of.flatMap((each) => [
      `${indent}  ${each.path} = ${ingredientText(each)}`,
      ...each.made_of ? madeLines(each.made_of, `${indent}    `) : [],
    ]),
  ];
}

function ingredientText({ value, count }: Ingredient): string {
  const isCut = Array.isArray(value) && count !== undefined && count > value.length;
  return isCut ? `${valueText(value).slice(0, -1)}, ... ${count} in all]` : valueText(value);
}

function shortText({ by, way, unit }: Shortfall): string {
  if (by === 0) return "exactly at the limit";
  const amount = Number(by.toPrecision(3));
  if (unit === "items") return `${itemsText(amount)} ${way}`;
  return `${amount}${unit === undefined ? "" : ` ${unit}`} ${way}`;
}
