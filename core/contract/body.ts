/** Reads the body of a request, and no more of it than may be. */

import { joined } from "./bytes.ts";

/** There is more of it than may be. */
export class BodyTooLargeError extends Error {
  override name = "BodyTooLargeError";
}

/** Empty where there is none. Throws `BodyTooLargeError`; what is larger is never in memory as a whole. */
export async function readBody(
  request: Request,
  bytesMax: number,
): Promise<Uint8Array<ArrayBuffer>> {
  const tooLarge = () => new BodyTooLargeError(`Request body must be <= ${bytesMax} bytes`);
  const length = request.headers.get("content-length");
  if (length !== null && !request.headers.has("transfer-encoding")) {
    // The server sees to it that no more comes. To read it as a stream would cost ten times as much.
    if (!(Number(length) <= bytesMax)) throw tooLarge();
    return await request.bytes();
  }
  const chunks: Uint8Array[] = [];
  let bytes = 0;
  for await (const chunk of request.body ?? []) {
    bytes += chunk.length;
    if (bytes > bytesMax) throw tooLarge();
    chunks.push(chunk);
  }
  return joined(chunks);
}
