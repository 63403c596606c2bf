import { likedBest, TABLE_TYPES } from "../../core/contract/accept.ts";
import { JsonError } from "../../core/contract/json.ts";
import { QueryData, QueryForm } from "../../core/contract/query_forms.ts";
import { askSeveral } from "../ask_several.ts";
import { compressed } from "../compressed.ts";
import { readQuery } from "../query_text.ts";
import { defineRoute, type EdgeContext, principalOf } from "../route.ts";

/**
 * All reads of the archive. Before one core the text goes on, and the answer back, as they are; before
 * several its parts do.
 */
export default defineRoute({
  method: "POST",
  path: "/api/queries",
  access: "read",
  // What is dropped is gone for good.
  isFresh: async (c) => isDrop(await textOf(c)),
  doc: {
    summary: "Query the archive",
    description:
      "Each type of query has a form of its own. What `kwargs` it doesn't know, a query ignores. " +
      "Documents come in the format that `Accept` asks for, JSON by default.",
    tag: "queries",
    body: QueryForm,
    data: QueryData.optional(),
    contentTypes: TABLE_TYPES,
  },
  async handle(c, { instances, flights }) {
    const text = await textOf(c);
    const body = new Uint8Array(await c.req.arrayBuffer());
    const asked = { principal: principalOf(c), accept: c.req.header("accept") };
    const [core, ...others] = instances.urls;
    const key = `${JSON.stringify(asked)}\n${text}`;
    const answer = await flights.share(key, c.req.raw.signal, (signal) => {
      if (core !== undefined && others.length === 0) {
        return instances.ask(core, { ...asked, signal, method: "POST", path: "/v1/query", body });
      }
      const liked = likedBest(asked.accept, ["application/json", ...TABLE_TYPES]);
      const isTable = TABLE_TYPES.includes(liked ?? "");
      return askSeveral(text, { ...asked, isTable, signal }, instances);
    });
    return await compressed(c.req.raw, answer);
  },
});

async function textOf(c: EdgeContext): Promise<string> {
  try {
    return new TextDecoder("utf-8", { fatal: true, ignoreBOM: true })
      .decode(await c.req.arrayBuffer());
  } catch {
    throw new JsonError("Cannot read JSON as it must be UTF-8");
  }
}

/** However it is written. */
function isDrop(text: string): boolean {
  return /drop|\\u/.test(text) && readQuery(text).type === "drop";
}
