import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { z } from "zod";
import { edge } from "../tests/support/edge.ts";
import { docsPage } from "./docs_page.ts";
import { openApiOf } from "./openapi.ts";
import { defineRoute } from "./route.ts";
import docs from "./routes/docs.ts";
import ping from "./routes/ping.ts";

const HOSTILE = `<img src=x onerror="alert('1')">&amp;`;
const HARMLESS = "&#60;img src=x onerror=&#34;alert(&#39;1&#39;)&#34;&#62;&#38;amp;";

const hostile = defineRoute({
  method: "PUT",
  path: "/a/:b",
  access: "read",
  doc: {
    summary: `A ${HOSTILE}`,
    description: `\`code\` and ${HOSTILE}`,
    tag: "system",
    params: { b: z.string().describe(HOSTILE) },
    body: z.object({
      [HOSTILE]: z.enum([HOSTILE]),
      pattern: z.string().regex(/<b>/).optional(),
      either: z.union([z.object({ one: z.string().describe("A one") }), z.int().min(3)]).optional(),
    }),
    data: z.record(z.string(), z.array(z.object({ deep: z.iso.datetime() }))),
  },
  handle: (c) => c.text(""),
});

describe("docsPage()", () => {
  const page = docsPage(openApiOf([hostile], {
    name: HOSTILE,
    version: HOSTILE,
    description: HOSTILE,
    contact: { name: HOSTILE, email: "a@b.example" },
  }));

  it("shows what routes and settings say as text, whatever they say", () => {
    assert(!page.includes("<img"), page);
    assert(page.split(HARMLESS).length > 8);
    assert(page.includes("matches &#60;b&#62;"));
  });

  it("tells of path, rights, parts, fields, examples and errors", () => {
    for (
      const piece of [
        "<code>/a/{b}</code>",
        "needs <code>read</code>",
        "<code>code</code> and",
        "<code>deep</code>",
        "string (date-time)",
        "object or integer",
        '<code title="The token isn&#39;t good for this">403</code>',
        "mailto:a@b.example",
      ]
    ) assert(page.includes(piece), piece);
  });

  it("loads nothing from elsewhere, and runs nothing", () => {
    const unquoted = page.replaceAll(/"[^"]*"/g, '""');
    assertEquals(/<script|<style|<iframe|<[^>]*\son\w+=/.exec(unquoted)?.[0], undefined);
    assertEquals(/javascript:|https?:\/\/(?!HOST)/.exec(page)?.[0], undefined);
    const links = [...page.matchAll(/(?:href|src)="([^"]*)"/g)].map(([, link]) => link!);
    for (const link of links) {
      assert(/^(#|style\.css$|openapi\.json$|mailto:)/.test(link), link);
    }
  });

  it("has a place for each link to it", () => {
    const ids = [...page.matchAll(/\sid="([^"]*)"/g)].map(([, id]) => id);
    for (const [, target] of page.matchAll(/href="#([^"]*)"/g)) {
      assert(ids.includes(target), target);
    }
    assertEquals(new Set(ids).size, ids.length);
  });
});

describe("/docs/api", () => {
  const routes = [...docs, ping];

  it("is a page for anyone, that lets nothing run and nobody frame it", async () => {
    const { request } = edge({ routes });
    const response = await request("GET", "/docs/api/");
    assertEquals([response.status, response.headers.get("content-type")], [
      200,
      "text/html; charset=UTF-8",
    ]);
    assertEquals(
      response.headers.get("content-security-policy"),
      "default-src 'none'; style-src 'self'; base-uri 'none'; form-action 'none'; " +
        "frame-ancestors 'none'",
    );
    assert((await response.text()).includes("Whether a token is good"));
  });

  it("has its style and its document beside it", async () => {
    const { request } = edge({ routes });
    const style = await request("GET", "/docs/api/style.css");
    assertEquals(style.headers.get("content-type"), "text/css; charset=utf-8");
    await style.body?.cancel();
    const texts = await Promise.all(["openapi.json", "swagger.json"].map(async (name) => {
      const response = await request("GET", `/docs/api/${name}`);
      assertEquals(response.status, 200);
      return await response.json();
    }));
    assertEquals(texts[0], texts[1]);
    assertEquals(Object.keys(texts[0].paths), ["/"]);
  });

  it("leads to its page with a real redirect", async () => {
    const { request } = edge({ routes });
    const response = await request("GET", "/docs/api");
    assertEquals([response.status, response.headers.get("location")], [301, "/docs/api/"]);
  });

  it("says whose system it is", async () => {
    const about = { name: "Ours", version: "7", description: "A" };
    const { request } = edge({ routes, about });
    const { info } = await (await request("GET", "/docs/api/openapi.json")).json();
    assertEquals([info.title, info.version], ["Ours", "7"]);
  });
});
