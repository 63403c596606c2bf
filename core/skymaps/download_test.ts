import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { makeCertificate } from "../../tests/support/certificate.ts";
import { QueryError } from "../contract/query.ts";
import { createDownloads, type DownloadOptions, isPublicAddress } from "./download.ts";

const HOST = "maps.example";
/** What the server was asked, as far as it got there. */
const asked: string[] = [];
let server: Deno.HttpServer<Deno.NetAddr>;
let host: string;
let ca: string;

before(async () => {
  const { cert, key } = await makeCertificate(`DNS:${HOST},DNS:other.example`);
  ca = cert;
  server = Deno.serve(
    { hostname: "127.0.0.1", port: 0, cert: ca, key, onListen() {} },
    (request) => {
      const { pathname } = new URL(request.url);
      asked.push(`${request.method} ${request.headers.get("host")?.split(":")[0]}${pathname}`);
      const [, what, to = ""] = pathname.split("/");
      switch (what) {
        case "map":
          return new Response("a map");
        case "long":
          return new Response(new Uint8Array(5_000));
        case "slow":
          return new Response(
            new ReadableStream({ start: (controller) => controller.enqueue(new Uint8Array(1)) }),
          );
        case "to":
          return new Response(null, {
            status: 302,
            headers: { location: decodeURIComponent(to) },
          });
        default:
          return new Response("", { status: 404 });
      }
    },
  );
  host = `${HOST}:${server.addr.port}`;
});
after(() => server.shutdown());

/** For which the test's server is a host of the public internet. */
function downloads(options: Partial<DownloadOptions> = {}) {
  asked.length = 0;
  return createDownloads({
    hosts: [host],
    resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]),
    isPublic: () => true,
    ca,
    ...options,
  });
}

describe("17. maps from elsewhere", () => {
  it("are fetched over https from a host of the list", async () => {
    const { get, has } = downloads();
    assertEquals(new TextDecoder().decode(await get(`https://${host}/map`)), "a map");
    assertEquals(await has(`https://${host}/map`), true);
    assertEquals(await has(`https://${host}/none`), false);
    assertEquals(asked, [`GET ${HOST}/map`, `HEAD ${HOST}/map`, `HEAD ${HOST}/none`]);
  });

  it("aren't fetched from anywhere else, and nothing is asked for that", async () => {
    const resolved: string[] = [];
    const { get, has } = downloads({
      resolve(name) {
        resolved.push(name);
        return Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
      },
    });
    for (
      const url of [
        `http://${host}/map`,
        "https://maps.example/map",
        `https://${host}.evil.example/map`,
        `https://user:word@${host}/map`,
        "https://127.0.0.1/map",
        "https://[::1]/map",
        "https://localhost/map",
        "file:///etc/passwd",
        "/etc/passwd",
        "ftp://maps.example/map",
        "data:text/plain,map",
        "",
      ]
    ) {
      await assertRejects(() => get(url), QueryError, "must begin with https://");
      assertEquals(await has(url), false);
    }
    assertEquals([resolved, asked], [[], []]);
  });

  it("aren't fetched from addresses that aren't public, whatever the host's name is", async () => {
    for (const address of ["127.0.0.1", "10.1.2.3", "169.254.169.254", "::1", "fd00::1"]) {
      const { get } = downloads({
        isPublic: isPublicAddress,
        resolve: () => Promise.resolve([{ address: "8.8.8.8", family: 4 }, { address, family: 4 }]),
      });
      await assertRejects(() => get(`https://${host}/map`), QueryError, `Cannot fetch`);
    }
    assertEquals(asked, []);
  });

  it("come from the address that was looked at, not from one that is looked up later", async () => {
    let lookUps = 0;
    const { get } = downloads({
      resolve() {
        lookUps++;
        return Promise.resolve([{ address: "127.0.0.1", family: 4 }]);
      },
    });
    await get(`https://${host}/map`); // The name itself is nobody's.
    assertEquals(lookUps, 1);
  });

  it("aren't followed to where they mustn't be fetched", async () => {
    const { get } = downloads();
    const to = (url: string) => `https://${host}/to/${encodeURIComponent(url)}`;
    for (
      const url of ["http://169.254.169.254/", "https://other.example/map", `http://${host}/map`]
    ) {
      await assertRejects(() => get(to(url)), QueryError);
    }
    assertEquals(asked.filter((line) => line.endsWith("/map")), []);
    assertEquals(new TextDecoder().decode(await get(to("/map"))), "a map");
    await assertRejects(() => get(to(to(to(to("/map"))))), QueryError);
  });

  it("have an end: of size, and of time", async () => {
    const { get, has } = downloads({ bytesMax: 1_000, timeMsMax: 300, probeMsMax: 300 });
    await assertRejects(() => get(`https://${host}/long`), QueryError, "Cannot fetch");
    await assertRejects(() => get(`https://${host}/slow`), QueryError, "Cannot fetch");
    const never = downloads({
      timeMsMax: 300,
      probeMsMax: 300,
      resolve: () => new Promise(() => {}),
    });
    await assertRejects(() => never.get(`https://${host}/map`), QueryError, "Cannot fetch");
    assertEquals(await never.has(`https://${host}/map`), false);
    assertEquals(await has(`https://${host}/map`), true);
  });

  it("whose server isn't the host aren't taken", async () => {
    const { get } = createDownloads({
      hosts: [host],
      resolve: () => Promise.resolve([{ address: "127.0.0.1", family: 4 }]),
      isPublic: () => true,
    });
    await assertRejects(() => get(`https://${host}/map`), QueryError, "Cannot fetch");
  });

  it("tells no more than that they can't be fetched", async () => {
    const told = new Set<string>();
    for (const path of ["none", "long", "slow"]) {
      const { get } = downloads({ bytesMax: 10, timeMsMax: 200 });
      await get(`https://${host}/${path}`).catch(({ message }) => told.add(message));
    }
    assertEquals(told, new Set([`Cannot fetch the skymap from ${host}`]));
  });
});

describe("isPublicAddress()", () => {
  for (
    const [address, isPublic] of [
      ["8.8.8.8", true],
      ["131.215.64.1", true],
      ["2001:4860:4860::8888", true],
      ["0.0.0.0", false],
      ["10.0.0.1", false],
      ["100.64.0.1", false],
      ["127.255.255.255", false],
      ["169.254.169.254", false],
      ["172.16.0.1", false],
      ["172.31.255.255", false],
      ["172.32.0.1", true],
      ["192.168.1.1", false],
      ["198.18.0.1", false],
      ["224.0.0.1", false],
      ["255.255.255.255", false],
      ["::", false],
      ["::1", false],
      ["::ffff:127.0.0.1", false],
      ["64:ff9b::7f00:1", false],
      ["fe80::1", false],
      ["fc00::1", false],
      ["2001::1", false],
      ["2001:db8::1", false],
      ["2002:7f00:1::", false],
      ["localhost", false],
      ["", false],
    ] as const
  ) {
    it(`${address} is ${isPublic ? "" : "not "}public`, () => {
      assertEquals(isPublicAddress(address), isPublic);
    });
  }
});
