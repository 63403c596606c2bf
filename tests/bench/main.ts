/** `deno task bench [NAME]`: runs a benchmark, prints a table to read, and a last line of JSON. */
import { bench as api } from "./api.ts";
import { bench as cutouts } from "./cutouts.ts";
import { bench as filters } from "./filters.ts";
import { bench as ingest } from "./ingest.ts";

/** A ratio that was asked for. */
export interface Reach {
  readonly what: string;
  readonly value: number;
  readonly limit: string;
  readonly ok: boolean;
}

export interface BenchResult {
  readonly figures: Record<string, unknown>;
  readonly reach: readonly Reach[];
}

const BENCHES: Record<string, (args: string[]) => Promise<BenchResult>> = {
  api,
  cutouts,
  filters,
  ingest,
};

const [name = "ingest", ...args] = Deno.args;
if (name === "--help" || !(name in BENCHES)) {
  console.log(`deno task bench [${Object.keys(BENCHES).join(" | ")}] [--small]

Figures are ratios within one run: this machine's load changes from minute to minute.
SAMPLES_DIR names a folder with the published networks (models/); without it, those are left out.`);
  Deno.exit(name === "--help" ? 0 : 2);
}
const { figures, reach } = await BENCHES[name]!(args);
for (const { what, value, limit, ok } of reach) {
  console.log(`${ok ? "reached   " : "not reached"} ${what}: ${value.toFixed(2)} (${limit})`);
}
const machine = { cores: navigator.hardwareConcurrency, os: Deno.build.os, arch: Deno.build.arch };
console.log(JSON.stringify({ bench: name, machine, figures, reach }));
