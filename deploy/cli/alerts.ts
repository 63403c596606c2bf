/** `kowalski alerts`: packets that could not become alerts, and why. */
import { parseArgs } from "node:util";
import type { Db } from "mongodb";
import type { RejectedDocument } from "../../core/archive/rejected.ts";
import { readSettings } from "../../core/base/read_settings.ts";
import { withArchive } from "./_archive.ts";
import { paint, printJson } from "./_output.ts";
import { replay } from "./_replay.ts";
import { defineCommand, UsageError } from "./command.ts";

const LIMIT = 20;

export default defineCommand({
  name: "alerts",
  summary: "Lists packets that could not be read, shows one, tries them again",
  usage: `Usage: deno task kowalski alerts list [--survey NAME] [--limit N] [--config FILE] [--json]
       deno task kowalski alerts show ID [--bytes FILE] [--config FILE] [--json]
       deno task kowalski alerts replay [--survey NAME] [--config FILE] [--json]

  list          the packets set aside, the newest first, with the reason
  show ID       one of them; ID is TOPIC:PARTITION:OFFSET as list prints it
  replay        tries all of a survey's again: those that can be read now become alerts
  --survey      only those of this survey; of ztf, for replay
  --limit N     how many at most (${LIMIT})
  --bytes FILE  writes the packet itself to FILE`,
  async run(args) {
    const { values, positionals: [what, id] } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        survey: { type: "string" },
        limit: { type: "string", default: `${LIMIT}` },
        bytes: { type: "string" },
        config: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    const limit = Number(values.limit);
    if (!(Number.isInteger(limit) && limit > 0)) {
      throw new UsageError(
        `--limit must be a whole number above 0: current value is ${values.limit}`,
      );
    }
    if (what === "show" && id === undefined) throw new UsageError("alerts show needs an ID");
    if (what !== "list" && what !== "show" && what !== "replay") {
      throw new UsageError(
        `alerts takes list, show or replay: current value is ${what ?? "nothing"}`,
      );
    }
    const settings = await readSettings({ env: Deno.env.toObject(), file: values.config });
    return await withArchive(settings, async (archive) => {
      const { db } = archive;
      if (what === "replay") {
        const { stored, rejected } = await replay(archive, settings, values.survey ?? "ztf");
        if (values.json) printJson({ stored, rejected });
        else console.log(`${stored} packets are alerts now, ${rejected} are still set aside`);
        return 0;
      }
      const isListed = what === "list";
      return isListed
        ? await list(db, { survey: values.survey, limit, json: values.json })
        : await show(db, id!, { bytesPath: values.bytes, json: values.json });
    });
  },
});

async function list(
  db: Db,
  { survey, limit, json }: { survey: string | undefined; limit: number; json: boolean },
): Promise<number> {
  const rejected = rejectedOf(db);
  const filter = survey === undefined ? {} : { survey };
  const found = await rejected.find(filter, {
    sort: { at: -1 },
    limit,
    projection: { bytes: 0 },
    useBigInt64: true,
  }).toArray();
  const count = await rejected.countDocuments(filter);
  if (json) printJson({ count, rejected: found });
  else {
    for (const { _id, survey, at, reason } of found) {
      console.log(`${paint("bold", _id)}  ${survey}  ${at.toISOString()}  ${reason}`);
    }
    console.log(`${found.length} of ${count} packets that were set aside`);
  }
  return 0;
}

async function show(
  db: Db,
  id: string,
  { bytesPath, json }: { bytesPath: string | undefined; json: boolean },
): Promise<number> {
  const found = await rejectedOf(db).findOne({ _id: id }, {
    promoteBuffers: true,
    useBigInt64: true,
  });
  if (found === null) {
    console.error(`There is no packet ${id} among those set aside: see alerts list`);
    return 1;
  }
  const { bytes, ...rest } = found;
  if (bytesPath !== undefined) await Deno.writeFile(bytesPath, bytes);
  const told = { ...rest, at: rest.at.toISOString(), bytes: bytes.byteLength };
  if (json) printJson(told);
  else for (const [key, value] of Object.entries(told)) console.log(`${key.padEnd(10)} ${value}`);
  return 0;
}

function rejectedOf(db: Db) {
  return db.collection<RejectedDocument>("rejected");
}
