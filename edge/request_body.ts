/** What a request's body tells of where it is to be done. */
import { isPlainObject } from "../core/contract/extended_json.ts";
import { parseExact } from "../core/contract/json.ts";
import type { EdgeContext } from "./route.ts";

/** Null, where it is no object: what is wrong with it is for the core to say. Throws `JsonError`. */
export async function bodyOf(c: EdgeContext): Promise<Readonly<Record<string, unknown>> | null> {
  const text = new TextDecoder().decode(await c.req.arrayBuffer());
  const body = text.trim() === "" ? undefined : parseExact(text);
  return isPlainObject(body) ? body : null;
}

/** The catalog that it names, or none. Throws `JsonError`. */
export async function bodyCatalog(c: EdgeContext): Promise<string[]> {
  const catalog = (await bodyOf(c))?.catalog;
  return typeof catalog === "string" ? [catalog] : [];
}
