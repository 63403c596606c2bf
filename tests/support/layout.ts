/** Who may import whom: the table of ARCHITECTURE.md as data, held to the tree by `tests/layout_test.ts`. */

export interface Rule {
  /** The table's row, word for word. */
  readonly from: string;
  readonly mayImport: string;
  /** The files that the row is about. */
  readonly files: RegExp;
  /** Our own files that they may import, besides those of their own folder. */
  readonly ours: RegExp;
  /** Our own files that they may import as types only. */
  readonly types?: RegExp;
  /** Packages that they may import; all, where nothing is said. */
  readonly packages?: RegExp;
  /** What their code must not use. */
  readonly mustNotUse?: RegExp;
}

const CONTRACT = "core/contract/";
const ASTRO = "core/astro/";
const BASE = "core/base/";

/** Paths that begin with one of these. */
function below(...folders: string[]): RegExp {
  return folders.length === 0 ? /^\b$/ : new RegExp(`^(${folders.join("|")})`);
}

export const RULES: readonly Rule[] = [
  {
    from: "`core/base`",
    mayImport: "`core/contract`, `models/manifest.ts`: what settings are made of",
    files: below(BASE),
    ours: below(CONTRACT, "models/manifest\\.ts$"),
    packages: /^(@logtape\/logtape|prom-client|yaml|zod)$/,
  },
  {
    from: "`core/astro`",
    mayImport: "`core/contract/document.ts`; types of `core/contract`",
    files: below(ASTRO),
    ours: below("core/contract/document.ts"),
    types: below(CONTRACT),
    packages: /^node:/,
  },
  {
    from: "`core/contract`",
    mayImport: "`core/astro`, zod, `bson`, `@noble/hashes`",
    files: below(CONTRACT),
    ours: below(ASTRO),
    packages: /^(zod$|bson$|@noble\/hashes\/)/,
  },
  {
    from: "`models/own`",
    mayImport: "as `models/*`; to train it, also the simulator and its survey",
    files: below("models/own/"),
    ours: below(
      "models/",
      CONTRACT,
      ASTRO,
      "core/pipeline/",
      "core/sources/simulator",
      "catalogs/live/",
    ),
  },
  {
    from: "`catalogs/*`, `models/*`",
    mayImport: "`core/contract`, `core/astro`, `core/pipeline`, what stands beside them",
    files: below("catalogs/", "models/"),
    ours: below(CONTRACT, ASTRO, "core/pipeline/"),
  },
  {
    from: "`core/pipeline`",
    mayImport: "`core/contract`, `core/astro`, avsc; no `Deno`, no `fetch`, no MongoDB",
    files: below("core/pipeline/"),
    ours: below(CONTRACT, ASTRO),
    packages: /^(avsc$|zod$|node:)/,
    mustNotUse: /\bDeno\.|\bfetch\(/,
  },
  {
    from: "`core/cutouts`",
    mayImport: "`core/contract`, `core/pipeline/fits.ts`; no `Deno`, no `fetch`, no MongoDB",
    files: below("core/cutouts/"),
    ours: below(CONTRACT, "core/pipeline/fits\\.ts$"),
    packages: /^node:zlib$/,
    mustNotUse: /\bDeno\.|\bfetch\(/,
  },
  {
    from: "`core/queries`, `core/operations`, `core/filters`",
    mayImport:
      "`core/contract`, `core/astro`, `core/base/nearest.ts`, `core/cutouts`, `core/filters`, `core/operation.ts`; the archive as a type only",
    files: below("core/queries/", "core/operations/", "core/filters/"),
    ours: below(
      CONTRACT,
      ASTRO,
      "core/base/nearest\\.ts$",
      "core/cutouts/",
      "core/filters/",
      "core/operation.ts",
    ),
    types: below("core/archive/"),
    packages: /^(zod|bson)$/,
  },
  {
    from: "`core/skymaps`",
    mayImport: "`core/contract`, `core/astro`, libraries for XML and for regions of the sky",
    files: below("core/skymaps/"),
    ours: below(CONTRACT, ASTRO),
    packages: /^(@fxpineau\/moc-wasm$|@rgrove\/parse-xml$|zod$|node:)/,
  },
  {
    from: "`core/archive`",
    mayImport:
      "`core/contract`, `core/astro`, `core/base`, `core/filters`, `mongodb`: its only importer",
    files: below("core/archive/"),
    ours: below(CONTRACT, ASTRO, BASE, "core/filters/"),
    types: below("core/"),
  },
  {
    from: "`core/sources`, `core/sinks`",
    mayImport: "`core/contract`, `core/astro`, `core/base`, each other, one client library each",
    files: below("core/sources/", "core/sinks/"),
    ours: below("core/sources/", "core/sinks/", CONTRACT, ASTRO, BASE),
  },
  {
    from: "`core/telescope`",
    mayImport: "`core/contract`, `core/base`; no packages",
    files: below("core/telescope/"),
    ours: below(CONTRACT, BASE),
    packages: /^node:/,
  },
  {
    from: "`workers/lanes.ts`, `serve.ts`",
    mayImport: "each other",
    files: /^workers\/(lanes|serve)\.ts$/,
    ours: /^workers\/(lanes|serve)\.ts$/,
    packages: /^$/,
  },
  {
    from: "`edge/listen.ts`",
    mayImport: "`node:http`: `Deno.serve` throws bodies of GET and HEAD away",
    files: /^edge\/listen\.ts$/,
    ours: /^\b$/,
    packages: /^node:(http|net)$/,
  },
  {
    from: "`edge/*`",
    mayImport: "`edge`, `core/contract`, `core/base`, hono and web-standard libraries",
    files: /^edge\/(?!main\.ts$)/,
    ours: below("edge/", CONTRACT, BASE),
    packages: /^(hono(\/.*)?|zod)$/,
  },
];

/** Task roots: they start things, and nobody imports them. */
export const ROOTS = /(^|\/)main\.ts$|^workers\/\w+_worker\.ts$|^tests\/run\.ts$/;
export const ROOTS_ROW = {
  from: "`*/main.ts`, `workers/*_worker.ts`",
  mayImport: "what they start; nobody imports them",
} as const;

/** Who alone may import a package, as more than types; tests, and what deploys, may import any. */
export const ONLY_IMPORTERS: Readonly<Record<string, RegExp>> = {
  "mongodb": /^core\/archive\//,
  "kafkajs": /^core\/(sources|sinks)\//,
  "onnxruntime-node": /^workers\/onnx\.ts$/,
  "@fxpineau/moc-wasm": /^core\/skymaps\//,
  "@rgrove/parse-xml": /^core\/skymaps\//,
  "hono": /^(edge\/|core\/server)/,
  "prom-client": /^core\/base\/metrics\.ts$/,
};
