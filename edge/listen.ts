/**
 * Serves a fetch handler on a port, over Node's HTTP server: `Deno.serve` throws away the bodies of GET
 * and HEAD, in which clients of old send what they look for.
 */
import { createServer, type IncomingMessage, type ServerResponse } from "node:http";
import type { AddressInfo, Socket } from "node:net";

export interface From {
  /** The network address that the request is from. */
  readonly remote: string;
  /** Of GET and HEAD, for which a `Request` can have none. */
  readonly body?: Uint8Array<ArrayBuffer>;
}

export interface Listener {
  readonly port: number;
  /** Takes no more requests, and resolves when those in work are answered. */
  close(): Promise<void>;
}

/** As long as any query, and as what a GET or HEAD looks for may be. */
const SHORT_BYTES_MAX = 64 * 1024;

/** A `Request` can't have these methods: it gets another that no path takes. */
const UNSPEAKABLE = /^(TRACE|TRACK|CONNECT)$/;

/** Clients keep connections for as long: one that is closed while they send is an error to them. */
const IDLE_MS_MAX = 75_000;

/** What is left of a body that nobody reads may take so long to come: the next request is behind it. */
const UNREAD_MS_MAX = 5_000;

/** Port 0: any that is free. Rejects with `Deno.errors.AddrInUse` where the port is taken. */
export async function listen(
  { host, port }: { readonly host: string; readonly port: number },
  handle: (request: Request, from: From) => Response | Promise<Response>,
): Promise<Listener> {
  /** Connections, and whether a request of theirs is in work. */
  const isBusy = new Map<Socket, boolean>();
  let isClosing = false;
  const server = createServer((incoming, outgoing) => {
    const { socket } = incoming;
    isBusy.set(socket, true);
    outgoing.on("close", () => {
      isBusy.set(socket, false);
      if (isClosing) socket.destroy();
    });
    answer(incoming, outgoing, handle).catch(() => outgoing.destroy());
  });
  server.keepAliveTimeout = IDLE_MS_MAX;
  server.on("connection", (socket: Socket) => {
    isBusy.set(socket, false);
    socket.on("close", () => isBusy.delete(socket));
  });
  const { promise, resolve, reject } = Promise.withResolvers<void>();
  server.once(
    "error",
    (error: Error & { code?: string }) =>
      reject(error.code === "EADDRINUSE" ? new Deno.errors.AddrInUse(error.message) : error),
  );
  server.listen(port, host, () => resolve());
  await promise;
  return {
    port: (server.address() as AddressInfo).port,
    close() {
      isClosing = true;
      const closed = new Promise<void>((resolve) => server.close(() => resolve()));
      for (const [socket, busy] of isBusy) if (!busy) socket.destroy();
      return closed;
    },
  };
}

async function answer(
  incoming: IncomingMessage,
  outgoing: ServerResponse,
  handle: (request: Request, from: From) => Response | Promise<Response>,
): Promise<void> {
  const gone = new AbortController();
  outgoing.on("close", () => {
    if (!outgoing.writableFinished) {
      gone.abort(new DOMException("The client has gone", "AbortError"));
    }
  });
  const { method: spoken = "GET", headers, socket } = incoming;
  const method = UNSPEAKABLE.test(spoken) ? "OPTIONS" : spoken;
  const hasNone = method === "GET" || method === "HEAD";
  const url = `http://${headers.host}${incoming.url}`;
  if (!URL.canParse(url)) return end(outgoing, 400);
  // What is short is at hand sooner as a whole.
  const isShort = Number(headers["content-length"] ?? 0) <= SHORT_BYTES_MAX &&
    headers["transfer-encoding"] === undefined;
  if (hasNone && !isShort) return end(outgoing, 413);
  const whole = isShort ? await bytesOf(incoming) : undefined;
  const parts = isShort ? undefined : incoming[Symbol.asyncIterator]();
  const request = new Request(url, {
    method,
    headers: pairsOf(incoming.rawHeaders),
    signal: gone.signal,
    ...!hasNone && { body: parts ? streamOf(parts) : whole ?? null, duplex: "half" },
  });
  const remote = socket.remoteAddress ?? "";
  const response = await handle(request, { remote, ...hasNone && whole && { body: whole } });
  await send(response, outgoing, method, gone.signal);
  if (parts) await passOver(parts, socket);
}

/** Reads to the end of a body, for the connection's next request; one without end is cut off. */
async function passOver(parts: AsyncIterator<unknown>, socket: Socket): Promise<void> {
  const late = setTimeout(() => socket.destroy(), UNREAD_MS_MAX);
  try {
    while (!(await parts.next()).done);
  } catch {
    // The client has gone.
  } finally {
    clearTimeout(late);
  }
}

function end(outgoing: ServerResponse, status: number): void {
  outgoing.writeHead(status, { "connection": "close" }).end();
}

/** Undefined: there are none. */
async function bytesOf(incoming: IncomingMessage): Promise<Uint8Array<ArrayBuffer> | undefined> {
  if (Number(incoming.headers["content-length"] ?? 0) === 0) return undefined;
  const parts: Uint8Array<ArrayBuffer>[] = [];
  for await (const part of incoming) parts.push(part);
  return parts.length === 1
    ? new Uint8Array(parts[0]!)
    : new Uint8Array(await new Blob(parts).arrayBuffer());
}

/** Whoever cancels it leaves the rest to `passOver`: the connection would end before the answer. */
function streamOf(parts: AsyncIterator<Uint8Array>): ReadableStream<Uint8Array> {
  return new ReadableStream({
    async pull(controller) {
      const { done, value } = await parts.next();
      if (done) controller.close();
      else controller.enqueue(new Uint8Array(value));
    },
  }, { highWaterMark: 0 });
}

/** As they came, one after the other: name, value, name, value. */
function pairsOf(rawHeaders: readonly string[]): [string, string][] {
  const pairs: [string, string][] = [];
  for (let i = 0; i < rawHeaders.length; i += 2) pairs.push([rawHeaders[i]!, rawHeaders[i + 1]!]);
  return pairs;
}

/** Reads the answer as fast as the client does, and no further when it has gone. */
async function send(
  response: Response,
  outgoing: ServerResponse,
  method: string,
  signal: AbortSignal,
): Promise<void> {
  const length = response.headers.get("content-length");
  if (method !== "HEAD" && length !== null && Number(length) <= SHORT_BYTES_MAX) {
    const whole = await response.bytes();
    outgoing.writeHead(response.status, [...response.headers].flat());
    outgoing.end(whole);
    return;
  }
  outgoing.writeHead(response.status, [...response.headers].flat());
  const reader = response.body?.getReader();
  const cancel = () => void reader?.cancel(signal.reason).catch(() => {});
  if (method === "HEAD" || !reader || signal.aborted) {
    cancel();
    outgoing.end();
    return;
  }
  signal.addEventListener("abort", cancel, { once: true });
  for (let part = await reader.read(); !part.done; part = await reader.read()) {
    if (signal.aborted) return;
    if (!outgoing.write(part.value)) await drained(outgoing, signal);
  }
  if (!signal.aborted) outgoing.end();
}

function drained(outgoing: ServerResponse, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    outgoing.once("drain", resolve);
    signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
