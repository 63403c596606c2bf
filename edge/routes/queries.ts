import { isPlainObject } from "../../core/contract/extended_json.ts";
import { parseExact } from "../../core/contract/json.ts";
import { compressed } from "../compressed.ts";
import { defineRoute, principalOf } from "../route.ts";

/** All reads of the archive. The text goes on to a core, and the answer back, as they are. */
export default defineRoute({
  method: "POST",
  path: "/api/queries",
  access: "read",
  doc: { summary: "Query the archive", tag: "queries" },
  async handle(c, { instances, ask }) {
    const body = new Uint8Array(await c.req.arrayBuffer());
    const catalogs = instances.urls.length > 1 ? catalogsOf(body) : [];
    const answer = await ask(await instances.choose(catalogs), {
      method: "POST",
      path: "/v1/query",
      body,
      principal: principalOf(c),
      signal: c.req.raw.signal,
    });
    return compressed(c.req.raw, answer);
  },
});

/** The catalogs that a query names; what else is wrong with it is for the core to say. */
function catalogsOf(body: Uint8Array): string[] {
  const whole = parseExact(new TextDecoder().decode(body));
  if (!isPlainObject(whole) || !isPlainObject(whole.query)) return [];
  const { catalog, catalogs } = whole.query;
  if (typeof catalog === "string") return [catalog.trim()];
  return isPlainObject(catalogs) ? Object.keys(catalogs).map((name) => name.trim()) : [];
}
