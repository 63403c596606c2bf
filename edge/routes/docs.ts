import { docsPage } from "../docs_page.ts";
import { DOCS_STYLE } from "../docs_style.ts";
import { openApiOf } from "../openapi.ts";
import { defineRoute, type EdgeDeps, type Route } from "../route.ts";

/** The page is text, and loads its style: nothing runs. */
const CONTENT_SECURITY_POLICY = "default-src 'none'; style-src 'self'; " +
  "base-uri 'none'; form-action 'none'; frame-ancestors 'none'";
/** Documentation changes with a release. */
const CACHE_CONTROL = "public, max-age=300";

const document = (path: string): Route =>
  defineRoute({
    method: "GET",
    path,
    access: "anyone",
    doc: null,
    handle: (c, deps) => c.json(openApiFor(deps), 200, { "cache-control": CACHE_CONTROL }),
  });

/** What there is to ask, for people and for programs; both from what the routes say of themselves. */
export default [
  document("/docs/api/openapi.json"),
  // Where the original has it.
  document("/docs/api/swagger.json"),
  defineRoute({
    method: "GET",
    path: "/docs/api/",
    access: "anyone",
    doc: null,
    handle: (c, deps) =>
      c.html(docsPage(openApiFor(deps)), 200, {
        "cache-control": CACHE_CONTROL,
        "content-security-policy": CONTENT_SECURITY_POLICY,
      }),
  }),
  defineRoute({
    method: "GET",
    path: "/docs/api/style.css",
    access: "anyone",
    doc: null,
    handle: (c) =>
      c.body(DOCS_STYLE, 200, {
        "content-type": "text/css; charset=utf-8",
        "cache-control": CACHE_CONTROL,
      }),
  }),
  defineRoute({
    method: "GET",
    path: "/docs/api",
    access: "anyone",
    doc: null,
    handle: (c) => c.redirect("/docs/api/", 301),
  }),
];

function openApiFor({ routes, about }: EdgeDeps) {
  return openApiOf(routes, about);
}
