/** Why alerts don't pass a filter, as an answer: of one alert in full, of an object's alerts a line each. */
import type { WhichAlerts } from "../archive/filter_insight.ts";
import type { Document } from "../contract/document.ts";
import { toNumber } from "../contract/document.ts";
import { WHY_ALERTS_MAX, type WhyReport } from "../contract/filter_reports.ts";
import { shortText } from "../contract/json.ts";
import { QueryError } from "../contract/query.ts";
import { closest } from "../filters/why_not/closest.ts";
import { whyNot } from "../filters/why_not/why_not.ts";
import { objectText, reasonLine, whyText } from "../filters/why_not/why_text.ts";
import type { OperationAnswer, OperationContext } from "../operation.ts";
import type { Subject } from "./_filter_insight.ts";

export interface WhyAsked {
  readonly subject: Subject;
  readonly which: WhichAlerts;
  readonly isAsOf: boolean;
  readonly isText: boolean;
}

/** Exactly one of both says which alerts are meant. Throws `QueryError`. */
export function whichAlerts({ candid, objectId }: Document): WhichAlerts {
  if ((candid == null) === (objectId == null)) {
    throw new QueryError(
      "Cannot tell which alert is meant as one of candid and objectId must be given",
    );
  }
  if (objectId != null) return { objectId: String(objectId), limit: WHY_ALERTS_MAX };
  const text = String(candid);
  const id = /^-?\d{1,19}$/.test(text) ? BigInt(text) : undefined;
  if (id !== undefined && BigInt.asIntN(64, id) === id) return { candid: id };
  throw new QueryError(
    `candid must be an integer of 64 bits: current value is ${shortText(candid)}`,
  );
}

/** A filter that takes longer is told of as far as it went: on fewer alerts, or on a part of it. */
const TIME_MS_MAX = 10_000;
const ALERT_MS_MAX = 1_500;

interface Told {
  readonly candid: number | bigint;
  readonly jd: number;
  readonly objectId: unknown;
  readonly why: WhyReport;
}

export async function whyAnswer(
  { subject, which, isAsOf, isText }: WhyAsked,
  { stores: { filterInsight }, signal }: OperationContext,
): Promise<OperationAnswer> {
  const { scope, about, name } = subject;
  const pipeline = filterInsight.read(subject.pipeline);
  const schema = filterInsight.schema(scope.catalog);
  const inputs = await filterInsight.inputs(scope, which, { isAsOf, signal });
  if (inputs.length === 0) throw nothingFound(which, scope.catalog);
  const now = new Date();
  const units = new Map(
    schema?.fields.flatMap(({ path, unit }) => unit === undefined ? [] : [[path, unit] as const]),
  );
  const endMs = performance.now() + TIME_MS_MAX;
  const told: Told[] = [];
  for (const input of inputs) {
    if (told.length > 0) {
      if (performance.now() > endMs) break;
      await new Promise((resolve) => setTimeout(resolve)); // Others want to be answered too.
    }
    signal.throwIfAborted();
    const why = await whyNot(pipeline, input, {
      runElsewhere: (documents, stage) => filterInsight.runStage(documents, stage, signal),
      now,
      timeMsMax: ALERT_MS_MAX,
      units,
    });
    const { candid, candidate } = input as { candid: number | bigint; candidate: Document };
    const objectId = schema === undefined ? input.objectId : input[schema.ids.at(-1)!];
    told.push({ candid, jd: toNumber(candidate.jd), objectId, why });
  }
  const address = addressOf(about, which, isAsOf);
  const { text, data } = "candid" in which ? ofAlert(told[0]!, name) : ofObject(told, name);
  if (isText) return toText(address === undefined ? text : `${text}\naddress: ${address}\n`);
  return {
    kind: "json",
    message: "",
    data: { ...about, as_of: isAsOf, ...address !== undefined && { address }, ...data },
  };
}

/** Where the same is told of the same version, whichever is active by then; of a draft nowhere. */
function addressOf(
  { filter_id: id, version }: Document,
  which: WhichAlerts,
  isAsOf: boolean,
): string | undefined {
  if (id === undefined) return undefined;
  const search = new URLSearchParams({
    ..."candid" in which ? { candid: String(which.candid) } : { objectId: which.objectId },
    version: String(version),
    ...isAsOf && { as_of: "true" },
  });
  return `/api/filters/${id}/why?${search}`;
}

interface Answer {
  readonly text: string;
  readonly data: Document;
}

function ofAlert({ why, ...alert }: Told, name: string): Answer {
  return { text: whyText(subjectOf(alert, name), why), data: { ...alert, why } };
}

function ofObject(told: readonly Told[], name: string): Answer {
  const nearest = closest(told, ({ why }) => why)!;
  const alerts = told.map(({ candid, jd, why }) => ({
    candid,
    jd,
    passes: why.passes,
    reason: reasonLine(why),
  }));
  const { objectId, why, ...of } = nearest;
  const full = whyText(subjectOf(nearest, name), why);
  return {
    text: objectText(`${objectId} and ${name}`, alerts, full),
    data: { objectId, alerts, nearest: { ...of, why } },
  };
}

function subjectOf({ objectId, candid }: Pick<Told, "objectId" | "candid">, name: string): string {
  return `${objectId}, candid ${candid}, and ${name}`;
}

function toText(text: string): OperationAnswer {
  const bytes = new TextEncoder().encode(text);
  return { kind: "bytes", contentType: "text/plain; charset=utf-8", bytes };
}

/** The same for what isn't there and what may not be seen. */
function nothingFound(which: WhichAlerts, catalog: string): QueryError {
  return new QueryError(
    "candid" in which
      ? `Alert ${which.candid} not found in ${catalog}`
      : `Object ${shortText(which.objectId)} not found in ${catalog}`,
  );
}
