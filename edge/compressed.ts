/** Compresses answers that are large, where the client can read that. */

/** Smaller ones take longer to compress than to send. */
const BYTES_MIN = 32 * 1024;
/** Of the core's headers, what concerns the client. */
const HEADERS = [
  "content-type",
  "retry-after",
  "etag",
  "cache-control",
  "content-disposition",
  "x-accel-buffering",
];
/**
 * Pictures are compressed already, and the noise of FITS images hardly can be. Events would wait in the
 * compressor for those that come after.
 */
const INCOMPRESSIBLE = /^(image\/|text\/event-stream)/;

/** A core's answer for a client: the same bytes, gzipped if they are many. */
export async function compressed(request: Request, answer: Response): Promise<Response> {
  const headers = new Headers({ vary: "accept-encoding" });
  for (const name of HEADERS) {
    const value = answer.headers.get(name);
    if (value !== null) headers.set(name, value);
  }
  const { status, body } = answer;
  const length = answer.headers.get("content-length");
  const isWorthIt = (length === null || Number(length) >= BYTES_MIN) &&
    !INCOMPRESSIBLE.test(headers.get("content-type") ?? "");
  if (body === null || !isWorthIt || !acceptsGzip(request)) {
    if (length !== null) headers.set("content-length", length);
    const isShort = body !== null && length !== null && Number(length) < BYTES_MIN;
    // What is short is sent on sooner as a whole than as a stream.
    return new Response(isShort ? await answer.bytes() : body, { status, headers });
  }
  headers.set("content-encoding", "gzip");
  return new Response(body.pipeThrough(new CompressionStream("gzip")), { status, headers });
}

function acceptsGzip(request: Request): boolean {
  const accepted = request.headers.get("accept-encoding") ?? "";
  return accepted.split(",").some((item) => {
    const [coding, ...parameters] = item.trim().toLowerCase().split(/\s*;\s*/);
    const isRefused = parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
    return (coding === "gzip" || coding === "*") && !isRefused;
  });
}
