import { bsonToJson } from "../../archive/bson_json.ts";
import { type Answer, QueryError, type RawDocument } from "../../contract/query.ts";
import { defineFormat, type Progress } from "../format.ts";

/** The JSON that clients have always got: one object, relaxed Extended JSON, in an envelope. */
export default defineFormat({
  name: "json",
  mediaTypes: ["application/json"],
  parameters: "charset=utf-8",
  write: (answer, progress) => writeAnswer(answer, undefined, progress),
});

/**
 * Pieces of text, each some kilobytes; together one JSON object. Without an answer, no `data`.
 *
 * What the caller did wrong may show when half of the answer has gone. Then all that is open is closed,
 * and the envelope's keys are told once more: of equal keys the last one counts, so that the answer is
 * an error that says why, and nobody takes a part for the whole.
 */
export async function* writeAnswer(
  answer: Answer,
  message = "Successfully executed query",
  progress: Progress = { isSent: false },
): AsyncGenerator<string> {
  const told = answer?.kind === "done" ? answer.message : message;
  yield `{"status": "success", "message": ${JSON.stringify(told)}`;
  if (answer !== null && answer.kind !== "done") {
    yield ', "data": ';
    const failure = yield* writeData(answer, progress);
    if (failure !== null) {
      yield `, "data": null, "status": "error", "message": ${JSON.stringify(failure.message)}`;
    }
  }
  yield "}";
}

/** All of it, or up to where it failed, closed. */
async function* writeData(
  answer: Exclude<NonNullable<Answer>, { kind: "done" }>,
  progress: Progress,
): AsyncGenerator<string, QueryError | null> {
  switch (answer.kind) {
    case "value":
      yield JSON.stringify(answer.value);
      return null;
    case "document":
      yield bsonToJson(answer.document);
      return null;
    case "list":
      return yield* writeList(answer, progress);
    case "matches":
      return yield* writeMatches(answer, progress);
  }
}

async function* writeList(
  { documents }: Extract<Answer, { kind: "list" }>,
  progress: Progress,
): AsyncGenerator<string, QueryError | null> {
  let separator = "";
  let failure: QueryError | null = null;
  yield "[";
  try {
    for await (const batch of documents) {
      for (const text of textsOf(batch)) {
        yield separator + text;
        separator = ", ";
      }
    }
  } catch (error) {
    failure = late(error, progress);
  }
  yield "]";
  return failure;
}

async function* writeMatches(
  { catalogs, names, documents }: Extract<Answer, { kind: "matches" }>,
  progress: Progress,
): AsyncGenerator<string, QueryError | null> {
  const keys = names.map((name) => `${JSON.stringify(name)}: [`);
  let comma = "";
  let failure: QueryError | null = null;
  yield "{";
  for (const catalog of catalogs) {
    let text = `${comma}${JSON.stringify(catalog)}: {`;
    comma = ", ";
    // Up to which name the object is written, and whether that name's list is still open.
    let written = 0;
    let isOpen = false;
    const skipTo = (end: number) => {
      if (isOpen) text += "]";
      isOpen = false;
      for (; written < end; written++) text += `${written > 0 ? ", " : ""}${keys[written]}]`;
    };
    try {
      for await (const { at, documents: batch } of documents(catalog)) {
        for (const list of textsOf(batch)) {
          if (isOpen && written === at + 1) text += ", ";
          else {
            skipTo(at);
            text += `${at > 0 ? ", " : ""}${keys[at]}`;
            written = at + 1;
            isOpen = true;
          }
          text += list;
          if (text.length >= PIECE_CHARS) {
            yield text;
            text = "";
          }
        }
      }
    } catch (error) {
      failure = late(error, progress);
    }
    skipTo(keys.length);
    yield `${text}}`;
    if (failure !== null) break;
  }
  yield "}";
  return failure;
}

/** The caller's fault that can only be told at the end; throws on what is no such thing. */
function late(error: unknown, { isSent }: Progress): QueryError {
  if (isSent && error instanceof QueryError) return error;
  throw error;
}

const PIECE_CHARS = 32_768;

/** Texts of the documents, separated by commas, a piece at a time: a reply holds up to 16 MB. */
function* textsOf(documents: readonly RawDocument[]): Generator<string> {
  let text = "";
  for (const document of documents) {
    if (text !== "") text += ", ";
    text += bsonToJson(document);
    if (text.length >= PIECE_CHARS) {
      yield text;
      text = "";
    }
  }
  if (text !== "") yield text;
}
