/** The catalog that a request's body names: where it is to be done. */
import { isPlainObject } from "../core/contract/extended_json.ts";
import { parseExact } from "../core/contract/json.ts";
import type { EdgeContext } from "./route.ts";

/** None, where it names none: what is wrong with the body is for the core to say. Throws `JsonError`. */
export async function bodyCatalog(c: EdgeContext): Promise<string[]> {
  const text = new TextDecoder().decode(await c.req.arrayBuffer());
  const body = text.trim() === "" ? undefined : parseExact(text);
  return isPlainObject(body) && typeof body.catalog === "string" ? [body.catalog] : [];
}
