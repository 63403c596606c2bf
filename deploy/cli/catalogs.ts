/** `kowalski catalogs`: what the archive holds for the cross-match, and how fast it can be asked. */
import { parseArgs } from "node:util";
import type { Db } from "mongodb";
import { addCells, CellCatalogs } from "../../core/archive/cells.ts";
import { readSettings } from "../../core/base/read_settings.ts";
import { withArchive } from "./_archive.ts";
import { paint, printJson } from "./_output.ts";
import { defineCommand, UsageError } from "./command.ts";

export default defineCommand({
  name: "catalogs",
  summary: "Lists the catalogs of the cross-match, makes them fast to match",
  usage: `Usage: deno task kowalski catalogs list  [--config FILE] [--json]
       deno task kowalski catalogs cells [NAME ...] [--config FILE] [--json]

  list     the catalogs that settings name, their rows, and whether they have cells
  cells    gives each row its cell of the sky (coordinates.cell) and the catalog an index on it:
           a cross-match then asks once for all alerts of a batch, not once for each
  NAME     only these; all of the settings by default`,
  async run(args) {
    const { values, positionals: [what, ...names] } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        config: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    if (what !== "list" && what !== "cells") {
      throw new UsageError(`catalogs takes list or cells: current value is ${what ?? "nothing"}`);
    }
    const settings = await readSettings({ env: Deno.env.toObject(), file: values.config });
    const all = Object.values(settings.database.xmatch).flat().map(({ catalog }) => catalog);
    const known = [...new Set(all)];
    for (const name of names) {
      if (!known.includes(name)) {
        throw new UsageError(`There is no catalog ${name} in the settings: ${known.join(", ")}`);
      }
    }
    const asked = names.length > 0 ? names : known;
    return await withArchive(settings, async ({ db }) => {
      if (what === "cells") {
        for (const name of asked) await makeCells(db, name);
      }
      const found = await Promise.all(asked.map((name) => look(db, name)));
      if (values.json) printJson(found);
      else {
        for (const { catalog, rows, cells } of found) {
          const told = rows === 0 ? paint("grey", "empty") : cells ? "cells" : "no cells";
          console.log(`${catalog.padEnd(28)} ${String(rows).padStart(12)}  ${told}`);
        }
      }
      return 0;
    });
  },
});

interface Found {
  readonly catalog: string;
  /** From the collection's metadata. */
  readonly rows: number;
  readonly cells: boolean;
}

async function look(db: Db, catalog: string): Promise<Found> {
  const rows = await db.collection(catalog).estimatedDocumentCount();
  return { catalog, rows, cells: await new CellCatalogs(db).has(catalog) };
}

async function makeCells(db: Db, catalog: string): Promise<void> {
  const rows = await db.collection(catalog).estimatedDocumentCount();
  if (rows === 0) return;
  const isTerminal = Deno.stderr.isTerminal();
  const tell = (done: number) => {
    const line = `${catalog}: ${done} of ${rows} rows`;
    // A line that moves for people, few lines for a log.
    if (isTerminal) Deno.stderr.writeSync(new TextEncoder().encode(`\r${line}`));
    else console.error(line);
  };
  await addCells(db, catalog, tell);
  if (isTerminal) console.error();
}
