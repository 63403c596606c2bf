/** Whether a client would rather have text than JSON: it says so by `Accept`. */
import { likedBest } from "../core/contract/accept.ts";
import type { EdgeContext } from "./route.ts";

/** Told to the operation as a name of the path; who says nothing gets JSON. */
export function formatWanted(c: EdgeContext): Record<string, string> {
  const liked = likedBest(c.req.header("accept"), ["application/json", "text/plain"]);
  return { format: liked === "text/plain" ? "text" : "json" };
}
