/** One query from the text of its request to the stream of its answer. */
import { z } from "zod";
import { Explainer } from "../archive/explain.ts";
import { type Document, toNumber } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { parseExact, shortText } from "../contract/json.ts";
import {
  type Answer,
  type ArchiveView,
  type Principal,
  type QueryContext,
  type QueryDef,
  QueryError,
} from "../contract/query.ts";
import type { FormatDef } from "./format.ts";
import json, { writeAnswer } from "./formats/json.ts";
import { contentType, isTable, negotiate } from "./negotiate.ts";
import { streamBody } from "./stream_body.ts";

/** What a view is asked to keep to. */
export interface ViewRequest {
  readonly signal: AbortSignal;
  readonly maxTimeMs: number;
  /** The query is to be explained, not done. */
  readonly explainer?: Explainer;
}

interface QueryDeps {
  readonly queries: ReadonlyMap<string, QueryDef<unknown>>;
  /** What `core/server/formats` holds, by name; JSON alone by default. */
  readonly formats?: ReadonlyMap<string, FormatDef>;
  view(principal: Principal, request: ViewRequest): ArchiveView;
  readonly audited: QueryContext["audited"];
  readonly maxTimeMs?: number;
  onError(error: unknown): void;
  onQuery?(query: { readonly type: string; readonly seconds: number; readonly ok: boolean }): void;
}

const TIME_MS_DEFAULT = 300_000;

/** A query as it came over the wire. */
export interface QueryText {
  readonly body: string;
  /** The header, which says in which form the client wants its answer. */
  readonly accept: string | null;
}

/**
 * Rejects with what went wrong before the first piece of the answer was sent; what goes wrong later
 * breaks the stream, so that no client takes a part for the whole. `ended` is called once, when
 * nothing of the query is left.
 */
export async function answerQuery(
  deps: QueryDeps,
  principal: Principal,
  { body, accept }: QueryText,
  clientSignal: AbortSignal,
  ended: () => void,
): Promise<Response> {
  const startMs = performance.now();
  const gone = new AbortController();
  const signal = AbortSignal.any([clientSignal, gone.signal]);
  let type = "unknown";
  const end = (error?: unknown) => {
    deps.onQuery?.({ type, seconds: (performance.now() - startMs) / 1000, ok: !error });
    ended();
  };
  try {
    const { query, input, kwargs } = parseQuery(deps.queries, body);
    type = query.name;
    const maxTimeMs = toMaxTimeMs(kwargs, deps.maxTimeMs ?? TIME_MS_DEFAULT);
    const explainer = kwargs.explain === true ? new Explainer() : undefined;
    const archive = deps.view(principal, { signal, maxTimeMs, ...explainer && { explainer } });
    const found = await query.run(input, { archive, principal, signal, audited: deps.audited });
    const answer = explainer ? await explanation(found, explainer, maxTimeMs) : found;
    const asked = negotiate(accept, deps.formats?.values() ?? [], json);
    const format = isTable(answer) ? asked : json;
    const progress = { isSent: false };
    const pieces = isTable(answer) ? format.write(answer, progress) : writeAnswer(answer);
    return await streamBody(pieces, {
      headers: { "content-type": contentType(format) },
      progress,
      cancel: () => gone.abort(),
      ended(error) {
        if (error !== undefined && !signal.aborted) deps.onError(error);
        end(error);
      },
    });
  } catch (error) {
    gone.abort();
    end(error);
    throw error;
  }
}

/** What the query would read; it reads nothing, since its view only takes note. */
async function explanation(
  answer: Answer,
  explainer: Explainer,
  maxTimeMs: number,
): Promise<Answer> {
  if (answer?.kind === "list") await Array.fromAsync(answer.documents);
  if (answer?.kind === "matches") {
    for (const catalog of answer.catalogs) await Array.fromAsync(answer.documents(catalog));
  }
  return { kind: "value", value: { ...explainer.result({ max_time_ms: maxTimeMs }) } };
}

interface ParsedQuery {
  readonly query: QueryDef<unknown>;
  readonly input: unknown;
  readonly kwargs: Document;
}

/** The checks of a query that are the same for all types. Throws `QueryError`, `JsonError`. */
function parseQuery(queries: ReadonlyMap<string, QueryDef<unknown>>, body: string): ParsedQuery {
  const whole = parseExact(body);
  if (!isPlainObject(whole)) throw new QueryError("TypeError: a query must be a JSON object");
  const { query_type: type, query: asked, kwargs = {} } = whole;
  const query = typeof type === "string" ? queries.get(type) : undefined;
  if (query === undefined) {
    const names = [...queries.keys()].map((name) => `'${name}'`).join(", ");
    throw new QueryError(`KeyError: "query_type ${shortText(type)} not in (${names})"`);
  }
  if (!isPlainObject(asked)) throw new QueryError("AttributeError: query must be an object");
  const options = Array.isArray(kwargs) && kwargs.length === 0 ? {} : kwargs;
  if (!isPlainObject(options)) throw new QueryError("ValidationError: kwargs must be an object");
  const parsed = query.input.safeParse({ query: asked, kwargs: options });
  if (!parsed.success) {
    throw new QueryError(`ValidationError: ${z.prettifyError(parsed.error)}`);
  }
  return { query, input: parsed.data, kwargs: options };
}

function toMaxTimeMs({ max_time_ms: asked }: Document, otherwise: number): number {
  if (asked === undefined) return otherwise;
  const number = typeof asked === "string" && asked.trim() ? Number(asked) : toNumber(asked);
  const maxTimeMs = Math.trunc(number);
  if (maxTimeMs >= 1) return maxTimeMs;
  throw new QueryError("ValueError: max_time_ms must be int >= 1");
}
