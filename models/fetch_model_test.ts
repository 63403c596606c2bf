// What is fetched is whole, right and in its place, or nothing is there.
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { createHash } from "node:crypto";
import { gzipSync } from "node:zlib";
import { pack } from "tar-stream";
import { fetchModel } from "./fetch_model.ts";
import { manifestOf, ModelFolder } from "./model_folder_for_tests.ts";
import type { ModelSettings } from "./manifest.ts";

const NET = new TextEncoder().encode("a network");
const SHA256 = createHash("sha256").update(NET).digest("hex");

describe("fetchModel", () => {
  it("puts a file where it is looked for, once", async () => {
    await using site = publish({ "/net.h5": NET });
    await using folder = await ModelFolder.make();
    const manifest = manifestOf("net", { url: `${site.url}/net.h5`, sha256: SHA256 });
    assertEquals(await fetchModel(manifest, folder), true);
    assertEquals(namesIn(folder), ["net.v1.h5"]);
    assertEquals(await Deno.readFile(folder.path("net.v1.h5")), NET);
    await Deno.writeTextFile(folder.path("net.v1.h5"), "mine");
    assertEquals(await fetchModel(manifest, folder), false);
    assertEquals(await Deno.readTextFile(folder.path("net.v1.h5")), "mine");
    const again = { modelsDir: folder.modelsDir, again: true };
    assertEquals(await fetchModel(manifest, again), true);
    assertEquals(await Deno.readFile(folder.path("net.v1.h5")), NET);
  });

  it("makes a folder of an archive, and nothing outside of it", async () => {
    const archive = await archiveOf({
      "v1/keras_metadata.pb": "m",
      "v1/variables/variables.index": "i",
      "v1/../../outside": "o",
      "v1/../../../outside": "o",
      "/outside/../../outside": "o",
    });
    await using site = publish({ "/net.tar.gz": archive });
    await using folder = await ModelFolder.make();
    await fetchModel(manifestOf("net", { url: `${site.url}/net.tar.gz`, format: "pb" }), folder);
    assertEquals(namesIn(folder), ["net.v1"]);
    const names = [...Deno.readDirSync(folder.path("net.v1"))].map(({ name }) => name);
    assertEquals(names.sort(), ["keras_metadata.pb", "variables"]);
    assertEquals(await Deno.readTextFile(folder.path("net.v1/keras_metadata.pb")), "m");
    assertEquals(await Deno.readTextFile(folder.path("net.v1/variables/variables.index")), "i");
  });

  it("takes a file of this machine", async () => {
    await using folder = await ModelFolder.make();
    await using elsewhere = await ModelFolder.make();
    await Deno.writeFile(elsewhere.path("net.h5"), NET);
    await fetchModel(manifestOf("net", { url: elsewhere.path("net.h5") }), folder);
    assertEquals(await Deno.readFile(folder.path("net.v1.h5")), NET);
  });

  const faults: Record<string, (url: string) => Partial<ModelSettings>> = {
    "its url isn't set": () => ({}),
    "the answer is 404": (url) => ({ url: `${url}/gone.h5` }),
    "nothing came for 0.2 s": (url) => ({ url: `${url}/silent` }),
    "SHA-256 must be 000": (url) => ({ url: `${url}/net.h5`, sha256: "0".repeat(64) }),
    "incorrect header check": (url) => ({ url: `${url}/text.tar.gz`, format: "pb" }),
    "it has no folder with files": (url) => ({ url: `${url}/empty.tar.gz`, format: "pb" }),
    "Unexpected end": (url) => ({ url: `${url}/cut.tar.gz`, format: "pb" }),
  };
  for (const [reason, settings] of Object.entries(faults)) {
    it(`leaves nothing behind when ${reason}`, async () => {
      const archive = await archiveOf({ "v1/file": "x".repeat(2000) });
      const cut = gzipSync((await gunzip(archive)).slice(0, 1500));
      await using site = publish({
        "/net.h5": NET,
        "/text.tar.gz": NET,
        "/empty.tar.gz": await archiveOf({}),
        "/cut.tar.gz": cut,
      });
      await using folder = await ModelFolder.make();
      const options = { modelsDir: folder.modelsDir, stallMsMax: 200 };
      await assertRejects(
        () => fetchModel(manifestOf("net", settings(site.url)), options),
        Error,
        reason,
      );
      assertEquals(namesIn(folder), []);
    });
  }
});

/** A site with these files; it takes what is asked at `/silent`, and says nothing. */
function publish(files: Readonly<Record<string, Uint8Array>>) {
  const silence = Promise.withResolvers<Response>();
  const server = Deno.serve({ hostname: "127.0.0.1", port: 0, onListen: () => {} }, ({ url }) => {
    const { pathname } = new URL(url);
    if (pathname === "/silent") return silence.promise;
    const bytes = files[pathname];
    return bytes === undefined
      ? new Response("gone", { status: 404 })
      : new Response(new Uint8Array(bytes));
  });
  return {
    url: `http://127.0.0.1:${server.addr.port}`,
    async [Symbol.asyncDispose]() {
      silence.resolve(new Response());
      await server.shutdown();
    },
  };
}

async function archiveOf(files: Readonly<Record<string, string>>): Promise<Uint8Array> {
  const tar = pack();
  for (const [name, text] of Object.entries(files)) tar.entry({ name }, text);
  tar.finalize();
  return gzipSync(
    await new Blob(await Array.fromAsync(tar as AsyncIterable<Uint8Array<ArrayBuffer>>)).bytes(),
  );
}

async function gunzip(bytes: Uint8Array): Promise<Uint8Array> {
  const stream = new Blob([new Uint8Array(bytes)]).stream();
  return await new Response(stream.pipeThrough(new DecompressionStream("gzip"))).bytes();
}

function namesIn({ modelsDir }: ModelFolder): string[] {
  return [...Deno.readDirSync(modelsDir)].map(({ name }) => name);
}
