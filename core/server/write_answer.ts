/** Writes an answer as the JSON that clients have always got, piece by piece. */
import { bsonToJson } from "../archive/bson_json.ts";
import type { Answer, RawDocument } from "../contract/query.ts";

/** Pieces of text, each some kilobytes; together one JSON object. Without an answer, no `data`. */
export async function* writeAnswer(answer: Answer): AsyncGenerator<string> {
  yield '{"status": "success", "message": "Successfully executed query"';
  if (answer !== null) {
    yield ', "data": ';
    yield* writeData(answer);
  }
  yield "}";
}

async function* writeData(answer: NonNullable<Answer>): AsyncGenerator<string> {
  switch (answer.kind) {
    case "value":
      yield JSON.stringify(answer.value);
      return;
    case "document":
      yield bsonToJson(answer.document);
      return;
    case "list": {
      let separator = "";
      yield "[";
      for await (const batch of answer.documents) {
        for (const text of textsOf(batch)) {
          yield separator + text;
          separator = ", ";
        }
      }
      yield "]";
      return;
    }
    case "matches":
      yield* writeMatches(answer);
  }
}

async function* writeMatches(
  { catalogs, names, documents }: Extract<Answer, { kind: "matches" }>,
): AsyncGenerator<string> {
  const keys = names.map((name) => `${JSON.stringify(name)}: [`);
  let comma = "";
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
    skipTo(keys.length);
    yield `${text}}`;
  }
  yield "}";
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
