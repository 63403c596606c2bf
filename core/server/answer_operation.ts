/** One operation from the text of its request to its answer. */
import { z } from "zod";
import { bsonToJson } from "../archive/bson_json.ts";
import { writeDocument } from "../archive/bson_write.ts";
import { parseExact } from "../contract/json.ts";
import { QueryError } from "../contract/query.ts";
import {
  type OperationAnswer,
  type OperationContext,
  type OperationDef,
  type OperationRequest,
  RefusedError,
} from "../operation.ts";
import { eventStream } from "./event_stream.ts";
import { writeAnswer } from "./formats/json.ts";
import { streamBody } from "./stream_body.ts";

/** As it came over the wire. */
export interface OperationText {
  /** JSON of what the public path has for its names. */
  readonly path: string;
  /** The client's query string. */
  readonly search: string;
  readonly body: string;
}

/** Rejects with `QueryError`, `RefusedError`, `JsonError` for what is the caller's fault. */
export async function answerOperation(
  operation: OperationDef<unknown>,
  text: OperationText,
  context: OperationContext,
): Promise<Response> {
  if (!context.principal.permissions.includes(operation.permission)) {
    throw new RefusedError(403, `Forbidden: this needs the permission "${operation.permission}"`);
  }
  const parsed = operation.input.safeParse(toRequest(text, operation.bodyAs));
  if (!parsed.success) {
    throw new QueryError(`ValidationError: ${z.prettifyError(parsed.error)}`);
  }
  return await toResponse(await operation.run(parsed.data, context), context.signal);
}

function toRequest(
  { path, search, body }: OperationText,
  bodyAs: OperationDef<unknown>["bodyAs"] = "json",
): OperationRequest {
  const params = new URLSearchParams(search);
  return {
    path: JSON.parse(path),
    search: Object.fromEntries(params),
    searchAll: Object.fromEntries([...params.keys()].map((key) => [key, params.getAll(key)])),
    body: body.trim() === "" ? undefined : bodyAs === "text" ? body : parseExact(body),
  };
}

const JSON_HEADERS = { "content-type": "application/json; charset=utf-8" };

async function toResponse(answer: OperationAnswer, signal: AbortSignal): Promise<Response> {
  if (answer.kind === "events") return await eventStream(answer.events, { signal });
  if (answer.kind === "bytes") {
    const { bytes, contentType, headers } = answer;
    return new Response(bytes, { headers: { ...headers, "content-type": contentType } });
  }
  if (answer.kind === "list") {
    // The context's signal ends the reading when the client has gone.
    const how = { headers: JSON_HEADERS, cancel() {}, ended() {} };
    return await streamBody(writeAnswer(answer, answer.message), how);
  }
  const { httpStatus = 200, status = "success", message, data, more } = answer;
  const envelope = {
    status,
    ...message !== undefined && { message },
    ...data !== undefined && { data },
    ...more,
  };
  return new Response(bsonToJson(writeDocument(envelope)), {
    status: httpStatus,
    headers: JSON_HEADERS,
  });
}
