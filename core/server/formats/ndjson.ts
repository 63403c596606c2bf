import { bsonToJson } from "../../archive/bson_json.ts";
import type { RawDocument } from "../../contract/query.ts";
import { defineFormat, type TableAnswer } from "../format.ts";
import { MATCH_COLUMNS } from "./_table.ts";

const PIECE_CHARS = 32_768;

/**
 * A line of relaxed Extended JSON for each document, without an envelope: for answers that nobody
 * wants in memory as a whole. A match begins with its catalog and position.
 */
export default defineFormat({
  name: "ndjson",
  mediaTypes: ["application/x-ndjson", "application/ndjson", "application/jsonl"],
  async *write(answer) {
    let text = "";
    for await (const { lead, documents } of batchesOf(answer)) {
      for (const document of documents) {
        text += `${lineOf(document, lead)}\n`;
        if (text.length >= PIECE_CHARS) {
          yield text;
          text = "";
        }
      }
    }
    if (text !== "") yield text;
  },
});

/** Fields as they stand in JSON, with a comma after each, and the documents that they go before. */
interface Batch {
  readonly lead: string;
  readonly documents: readonly RawDocument[];
}

async function* batchesOf(answer: TableAnswer): AsyncGenerator<Batch> {
  switch (answer.kind) {
    case "document":
      yield { lead: "", documents: [answer.document] };
      return;
    case "list":
      for await (const documents of answer.documents) yield { lead: "", documents };
      return;
    case "matches":
      for (const catalog of answer.catalogs) {
        for await (const { at, documents } of answer.documents(catalog)) {
          const lead = [catalog, answer.names[at]!]
            .map((value, i) => `"${MATCH_COLUMNS[i]}": ${JSON.stringify(value)}`).join(", ");
          yield { lead, documents };
        }
      }
  }
}

function lineOf(document: RawDocument, lead: string): string {
  const json = bsonToJson(document);
  if (lead === "") return json;
  return json === "{}" ? `{${lead}}` : `{${lead}, ${json.slice(1)}`;
}
