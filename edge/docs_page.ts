/** The documentation as a page of HTML, from the OpenAPI document: no script, nothing from elsewhere. */
import { type Html, markup, prose } from "./docs_html.ts";
import { REQUIRED, schemaHtml } from "./docs_schema.ts";
import type { OpenApi, Operation, Parameter } from "./openapi.ts";
import { asSchema } from "./openapi_example.ts";
import type { JsonSchema } from "./openapi_shared.ts";

interface Section {
  readonly name: string;
  readonly description: string;
  readonly entries: readonly Entry[];
}

interface Entry {
  readonly method: string;
  readonly path: string;
  readonly operation: Operation;
}

export function docsPage(document: OpenApi): string {
  const { info, tags, paths } = document;
  const entries = Object.entries(paths).flatMap(([path, methods]) =>
    Object.entries(methods).map(([method, operation]): Entry => ({
      method: method.toUpperCase(),
      path,
      operation,
    }))
  );
  const sections = tags.map((tag): Section => ({
    ...tag,
    entries: entries.filter(({ operation }) => operation.tags.includes(tag.name)),
  }));
  return markup`<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${info.title} API</title>
<link rel="stylesheet" href="style.css">
</head>
<body>
<nav>
<p class="title"><a href="#top">${info.title}</a></p>
<ul>${INTRODUCTION.map(({ title }) => markup`<li><a href="#${title}">${title}</a></li>`)}</ul>
${sections.map(contentsHtml)}
</nav>
<main id="top">
<h1>${info.title} API <small>${info.version}</small></h1>
<p>${info.description}. <a href="openapi.json">The same for programs (OpenAPI 3.1)</a>.</p>
${contactHtml(info.contact)}
${INTRODUCTION.map(introductionHtml)}
${sections.map((section) => sectionHtml(section, document))}
</main>
</body>
</html>
`.text;
}

/** What holds for all operations. */
const INTRODUCTION: readonly { title: string; text: string; example?: string }[] = [
  {
    title: "Tokens",
    text:
      "`POST /api/auth` gives a token for a name and a password; `POST /api/tokens` gives one " +
      "for a program. Send it as `Authorization: Bearer TOKEN`, or as `Authorization: TOKEN`. " +
      "A token that isn't good is told with 400, none at all with 401.",
    example: `curl https://HOST/api/auth -d '{"username": "ann", "password": "..."}'`,
  },
  {
    title: "Requests",
    text:
      "Bodies are JSON, whatever their `Content-Type`. Integers of 64 bits, such as a `candid`, " +
      "are read with all their digits, and `1` and `1.0` are told apart. In filters and pipelines, " +
      "what JSON has no words for is MongoDB's Extended JSON: " +
      '`{"$date": "2026-11-25T00:00:00Z"}`.',
  },
  {
    title: "Answers",
    text:
      "Answers are JSON, in an envelope: `status`, a `message` where there is something to say, " +
      "and `data` where there is any. Values are written as relaxed Extended JSON, which " +
      "`bson.json_util.loads` reads.",
    example: '{"status": "success", "message": "Successfully executed query", ' +
      '"data": [{"candid": 1127561445515015011}]}\n' +
      '{"status": "error", "message": "Filter id 7 not found"}',
  },
  {
    title: "Errors",
    text:
      "What the caller can mend is 400, or 401, 403, 404, 409 where these say more. 429 and 503 " +
      "pass: they have a `Retry-After`. Every answer has an `x-request-id`, by which it is found " +
      "in the server's log.",
  },
];

function introductionHtml({ title, text, example }: (typeof INTRODUCTION)[number]): Html {
  return markup`<section id="${title}"><h2>${title}</h2><p>${prose(text)}</p>${
    example !== undefined && markup`<pre>${example}</pre>`
  }</section>
`;
}

function contactHtml({ name, email }: NonNullable<OpenApi["info"]["contact"]> = {}): Html | null {
  if (email === undefined) return name === undefined ? null : markup`<p>Ask ${name}.</p>`;
  return markup`<p>Ask <a href="mailto:${email}">${name ?? email}</a>.</p>`;
}

function contentsHtml({ name, entries }: Section): Html {
  const items = entries.map(({ method, path, operation: { operationId, summary } }) =>
    markup`<li><a href="#${operationId}" title="${summary}">${badge(method)} ${path}</a></li>`
  );
  return markup`<p class="tag"><a href="#${name}">${name}</a></p><ul>${items}</ul>
`;
}

function badge(method: string): Html {
  return markup`<span class="method ${method.toLowerCase()}">${method}</span>`;
}

function sectionHtml({ name, description, entries }: Section, document: OpenApi): Html {
  return markup`<section id="${name}"><h2>${name}</h2><p>${description}.</p>
${entries.map((entry) => operationHtml(entry, document))}</section>
`;
}

function operationHtml({ method, path, operation }: Entry, document: OpenApi): Html {
  const { operationId, summary, description, parameters = [], requestBody } = operation;
  const content = requestBody?.content["application/json"];
  const answers = Object.entries(operation.responses)
    .map(([status, answer]) => [status, resolve(asSchema(answer), document)] as const);
  const errors = answers.filter(([status]) => status >= "400");
  return markup`<article id="${operationId}">
<h3>${badge(method)} <code>${path}</code></h3>
<p>${prose(summary)}. ${rightsHtml(operation)}</p>
${description !== undefined && markup`<p>${prose(description)}</p>`}
${parameters.length > 0 && parametersHtml(parameters)}
${content !== undefined && bodyHtml(content)}
<h4>Answers</h4>
<table><tbody>${answers.filter((each) => !errors.includes(each)).map(answerHtml)}</tbody></table>
<p class="errors">Errors: ${errors.map(errorHtml)}</p>
</article>
`;
}

function rightsHtml({ security }: Operation): Html {
  const [right] = Object.values(security[0] ?? {}).flat();
  return right === undefined
    ? markup`<span class="rights">for anyone</span>`
    : markup`<span class="rights">needs <code>${right}</code></span>`;
}

function parametersHtml(parameters: readonly Parameter[]): Html {
  const rows = parameters.map(({ name, in: where, required, description, schema }) =>
    markup`<tr><td><code>${name}</code></td><td>${where}${required && REQUIRED}</td><td>${
      schemaHtml(schema)
    } ${description !== undefined && prose(description)}</td></tr>`
  );
  return markup`<h4>Parameters</h4><table><tbody>${rows}</tbody></table>`;
}

type Body = NonNullable<Operation["requestBody"]>["content"]["application/json"];

function bodyHtml({ schema, examples }: Body): Html {
  const values = Object.values(examples).map(({ value }) => value);
  const texts = values.length === 1
    ? [JSON.stringify(values[0], null, 2)]
    : values.map((value) => JSON.stringify(value));
  return markup`<h4>Body</h4><div class="schema">${schemaHtml(schema)}</div>
<pre>${texts.join("\n")}</pre>`;
}

function answerHtml([status, answer]: readonly [string, JsonSchema]): Html {
  const schemas = Object.entries(asSchema(answer.content)).map(([type, media]) =>
    markup`<div class="schema"><span class="limit">${type}</span> ${
      schemaHtml(asSchema(asSchema(media).schema))
    }</div>`
  );
  return markup`<tr><td><code>${status}</code></td><td>${
    prose(String(answer.description))
  }${schemas}</td></tr>`;
}

/** They are all of one form, which stands above. */
function errorHtml([status, answer]: readonly [string, JsonSchema]): Html {
  return markup`<code title="${String(answer.description)}">${status}</code> `;
}

/** References of this document lead to its components. */
function resolve(value: JsonSchema, document: OpenApi): JsonSchema {
  if (typeof value.$ref !== "string") return value;
  const path = value.$ref.split("/").slice(1);
  return path.reduce((inner, key) => asSchema(inner[key]), document as unknown as JsonSchema);
}
