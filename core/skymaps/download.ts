/**
 * Fetches maps from other servers, for requests that anybody may send: over https alone, from hosts of
 * a list, at addresses of the public internet, which are looked up once and connected to as they are.
 */
import { lookup as lookUp } from "node:dns";
import type { LookupAddress } from "node:dns";
import type { IncomingMessage } from "node:http";
import { request } from "node:https";
import { BlockList, isIPv4, isIPv6 } from "node:net";
import { QueryError } from "../contract/query.ts";
import type { Download } from "./forms.ts";

export interface DownloadOptions {
  /** Names of hosts that may be asked. */
  readonly hosts: readonly string[];
  readonly bytesMax?: number;
  /** For an answer in whole, and for the beginning of one. */
  readonly timeMsMax?: number;
  readonly probeMsMax?: number;
  /** For tests, whose servers are none of the public. */
  readonly resolve?: (host: string) => Promise<readonly LookupAddress[]>;
  readonly isPublic?: (address: string) => boolean;
  readonly ca?: string;
}

export interface Downloads {
  readonly get: Download;
  /** Whether there is something at the address; false where it may not be asked. */
  has(url: string): Promise<boolean>;
}

const BYTES_MAX = 64 * 1024 * 1024;
const TIME_MS_MAX = 20_000;
const PROBE_MS_MAX = 5_000;
const REDIRECTS_MAX = 3;

export function createDownloads(options: DownloadOptions): Downloads {
  const { bytesMax = BYTES_MAX, timeMsMax = TIME_MS_MAX, probeMsMax = PROBE_MS_MAX } = options;
  return {
    async get(text) {
      const url = allowed(text, options.hosts);
      if (url === undefined) {
        throw new QueryError(
          `Cannot fetch the skymap as its url must begin with https:// and one of these hosts: ${
            options.hosts.join(", ")
          }`,
        );
      }
      const signal = AbortSignal.timeout(timeMsMax);
      try {
        return await bodyOf(await ask("GET", url, options, signal), bytesMax);
      } catch (error) {
        // No more than that: what can be reached from here is not for strangers to find out.
        throw new QueryError(`Cannot fetch the skymap from ${url.host}`, { cause: error });
      }
    },
    async has(text) {
      const url = allowed(text, options.hosts);
      if (url === undefined) return false;
      try {
        const answer = await ask("HEAD", url, options, AbortSignal.timeout(probeMsMax));
        answer.destroy();
        return true;
      } catch {
        return false;
      }
    },
  };
}

function allowed(text: string, hosts: readonly string[]): URL | undefined {
  if (!URL.canParse(text)) return undefined;
  const url = new URL(text);
  const isPlain = url.protocol === "https:" && url.username === "" && url.password === "";
  return isPlain && hosts.includes(url.host) ? url : undefined;
}

/** The answer, if it is 200. Where it leads elsewhere, that has to be allowed too. */
async function ask(
  method: "GET" | "HEAD",
  url: URL,
  options: DownloadOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  for (let at = url, redirects = 0; redirects <= REDIRECTS_MAX; redirects++) {
    const answer = await send(method, at, options, signal);
    const { statusCode, headers } = answer;
    if (statusCode === 200) return answer;
    answer.destroy();
    const next = headers.location && allowed(new URL(headers.location, at).href, options.hosts);
    if (![301, 302, 303, 307, 308].includes(statusCode ?? 0) || !next) {
      throw new Error(`The answer's status is ${statusCode}`);
    }
    at = next;
  }
  throw new Error("There are too many redirects");
}

async function send(
  method: "GET" | "HEAD",
  url: URL,
  options: DownloadOptions,
  signal: AbortSignal,
): Promise<IncomingMessage> {
  const { resolve = resolveHost, isPublic = isPublicAddress, ca } = options;
  const addresses = await unlessAborted(resolve(url.hostname), signal);
  if (addresses.length === 0 || !addresses.every(({ address }) => isPublic(address))) {
    throw new Error("The host isn't on the public internet");
  }
  const [{ address, family }] = addresses as [LookupAddress];
  const { promise, resolve: answered, reject } = Promise.withResolvers<IncomingMessage>();
  const asked = request(url, {
    method,
    signal,
    agent: false, // A connection of its own, which ends with it.
    // Not looked up again: a second answer might be another.
    lookup: (_host, { all }, found) =>
      all ? found(null, [{ address, family }]) : found(null, address, family),
    headers: { "accept-encoding": "identity", "user-agent": "kowalski" },
    ...ca !== undefined && { ca },
  }, answered);
  asked.on("error", reject);
  asked.end();
  return await promise;
}

async function bodyOf(answer: IncomingMessage, bytesMax: number): Promise<Uint8Array<ArrayBuffer>> {
  const chunks: Uint8Array<ArrayBuffer>[] = [];
  let size = 0;
  for await (const chunk of answer) {
    size += chunk.length;
    if (size > bytesMax) {
      answer.destroy();
      throw new Error(`The answer has more than ${bytesMax} bytes`);
    }
    chunks.push(chunk);
  }
  return new Uint8Array(await new Blob(chunks).arrayBuffer());
}

function unlessAborted<T>(work: Promise<T>, signal: AbortSignal): Promise<T> {
  const { promise, reject } = Promise.withResolvers<never>();
  signal.addEventListener("abort", () => reject(signal.reason), { once: true });
  if (signal.aborted) reject(signal.reason);
  return Promise.race([work, promise]);
}

function resolveHost(host: string): Promise<LookupAddress[]> {
  return new Promise((resolve, reject) =>
    lookUp(host, { all: true }, (error, addresses) => error ? reject(error) : resolve(addresses))
  );
}

/** Whether it is an address that anybody may ask anyway, of no private, local or special range. */
export function isPublicAddress(address: string): boolean {
  if (isIPv6(address)) {
    return GLOBAL_IPV6.check(address, "ipv6") && !SPECIAL.check(address, "ipv6");
  }
  return isIPv4(address) && !SPECIAL.check(address, "ipv4");
}

const GLOBAL_IPV6 = new BlockList();
GLOBAL_IPV6.addSubnet("2000::", 3, "ipv6");

/** IANA's registries of special-purpose addresses, RFC 6890. */
const SPECIAL = new BlockList();
for (
  const [network, prefix] of [
    ["0.0.0.0", 8],
    ["10.0.0.0", 8],
    ["100.64.0.0", 10],
    ["127.0.0.0", 8],
    ["169.254.0.0", 16],
    ["172.16.0.0", 12],
    ["192.0.0.0", 24],
    ["192.0.2.0", 24],
    ["192.88.99.0", 24],
    ["192.168.0.0", 16],
    ["198.18.0.0", 15],
    ["198.51.100.0", 24],
    ["203.0.113.0", 24],
    ["224.0.0.0", 3],
  ] as const
) SPECIAL.addSubnet(network, prefix, "ipv4");
// What leads to an IPv4 address, or is for documentation.
for (const [network, prefix] of [["2001::", 23], ["2001:db8::", 32], ["2002::", 16]] as const) {
  SPECIAL.addSubnet(network, prefix, "ipv6");
}
