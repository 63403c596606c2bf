/** Whether a client would rather have text than JSON: it says so by `Accept`. */
import type { EdgeContext } from "./route.ts";

/** Told to the operation as a name of the path; who says nothing gets JSON. */
export function formatWanted(c: EdgeContext): Record<string, string> {
  const accept = c.req.header("accept") ?? "";
  const wantsText = liking(accept, "text/plain") > liking(accept, "application/json");
  return { format: wantsText ? "text" : "json" };
}

function liking(accept: string, type: string): number {
  for (const item of accept.split(",")) {
    const [name, ...parameters] = item.trim().toLowerCase().split(/\s*;\s*/);
    if (name !== type) continue;
    const weight = parameters.find((parameter) => parameter.startsWith("q="));
    return weight === undefined ? 1 : Number(weight.slice(2)) || 0;
  }
  return 0;
}
