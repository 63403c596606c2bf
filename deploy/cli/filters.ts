/** `kowalski filters`: filters of other brokers taken over, and what filters may use. */
import { basename } from "node:path";
import { parseArgs } from "node:util";
import { readSettings } from "../../core/base/read_settings.ts";
import { loadFolder } from "../../core/base/registry.ts";
import type { Settings } from "../../core/base/settings.ts";
import type { FilterSchema } from "../../core/contract/filter_fields.ts";
import type { SurveyDef } from "../../core/contract/survey.ts";
import { coverageMarkdown, filterCoverage } from "../../core/archive/filter_coverage.ts";
import { filterSchema } from "../../core/filters/filter_schema.ts";
import { importBoom } from "../../core/filters/imports/boom.ts";
import { boomDocuments, lasairFilters } from "../../core/filters/imports/files.ts";
import { importLasair } from "../../core/filters/imports/lasair.ts";
import { type ImportedFilter, importText, isWhole } from "../../core/filters/imports/report.ts";
import { withArchive } from "./_archive.ts";
import { type Saved, saveFilters, type SaveOptions } from "./_import_filters.ts";
import { paint, printJson } from "./_output.ts";
import { defineCommand, UsageError } from "./command.ts";

export default defineCommand({
  name: "filters",
  summary: "Takes over filters of BOOM and Lasair; tells what filters may use",
  usage: `Usage: deno task kowalski filters import FILE --from boom|lasair [--survey NAME]
                [--group-id N] [--filter-id N] [--partial] [--active] [--config FILE] [--json]
       deno task kowalski filters coverage [--json]

  import        translates the filters of FILE, and tells what can't be: of BOOM as its API or
                mongoexport gives them, of Lasair as SQL or as JSON with selected, tables, conditions
  coverage      every stage and operator of MongoDB: in process, in MongoDB, or refused
  --survey      whose alerts they are for (ztf)
  --group-id N  saves them for this group; without it, nothing is saved
  --filter-id N the id of the first one; by default above all that there are
  --partial     saves what could be translated of filters that couldn't be as a whole
  --active      they are live at once; by default they wait to be switched on`,
  async run(args) {
    const { values, positionals: [what, file] } = parseArgs({
      args,
      allowPositionals: true,
      options: {
        from: { type: "string" },
        survey: { type: "string", default: "ztf" },
        "group-id": { type: "string" },
        "filter-id": { type: "string" },
        partial: { type: "boolean", default: false },
        active: { type: "boolean", default: false },
        config: { type: "string" },
        json: { type: "boolean", default: false },
      },
    });
    if (what === "coverage") {
      if (values.json) printJson(filterCoverage());
      else console.log(coverageMarkdown());
      return 0;
    }
    if (what !== "import") {
      throw new UsageError(
        `filters takes import or coverage: current value is ${what ?? "nothing"}`,
      );
    }
    if (file === undefined) throw new UsageError("filters import needs a FILE");
    const { from } = values;
    if (from !== "boom" && from !== "lasair") {
      throw new UsageError(
        `--from must be boom or lasair: current value is ${from ?? "nothing"}`,
      );
    }
    const groupId = numberOf("--group-id", values["group-id"]);
    const firstId = numberOf("--filter-id", values["filter-id"]);
    const settings = await readSettings({ env: Deno.env.toObject(), file: values.config });
    const survey = await surveyOf(values.survey);
    const filters = await translated(file, from, schemaOf(survey, settings));
    const { json, partial, active } = values;
    if (groupId === undefined) return tell(filters.map((filter) => ({ filter })), json);
    const options: SaveOptions = { groupId, firstId, partial, active };
    const saved = await withArchive(
      settings,
      ({ db }) => saveFilters(db, survey, filters, options),
    );
    return tell(saved, json);
  },
});

function numberOf(option: string, text: string | undefined): number | undefined {
  if (text === undefined) return undefined;
  if (/^[1-9][0-9]{0,14}$/.test(text)) return Number(text);
  throw new UsageError(`${option} must be a whole number above 0: current value is ${text}`);
}

async function surveyOf(name: string): Promise<SurveyDef> {
  const surveys = await loadFolder<SurveyDef>(new URL("../../catalogs/live/", import.meta.url));
  const survey = surveys.get(name);
  if (survey) return survey;
  throw new UsageError(
    `--survey must be one of ${[...surveys.keys()].join(", ")}: current value is ${name}`,
  );
}

function schemaOf(survey: SurveyDef, settings: Settings): FilterSchema {
  const schema = filterSchema(survey, {
    catalogs: settings.database.xmatch[survey.instrument] ?? [],
    models: Object.keys(settings.ml[survey.instrument]?.models ?? {}),
  });
  if (schema) return schema;
  throw new UsageError(
    `Cannot import filters as the survey ${survey.name} doesn't list its fields`,
  );
}

async function translated(
  file: string,
  from: ImportedFilter["from"],
  schema: FilterSchema,
): Promise<ImportedFilter[]> {
  const text = await Deno.readTextFile(file).catch((error) => {
    throw new UsageError(`Cannot read ${file}: ${error.message}`);
  });
  return from === "boom"
    ? boomDocuments(text).map((document) => importBoom(document, schema))
    : lasairFilters(text, basename(file)).map((filter) => importLasair(filter, schema));
}

/** 0 where all of them were saved; of those that weren't to be saved, where all could be. */
function tell(outcomes: readonly Saved[], json: boolean): number {
  const failed = outcomes.filter(({ filter, filterId, reason }) =>
    reason !== undefined || filterId === undefined && !isWhole(filter)
  );
  if (json) {
    printJson(outcomes.map(({ filter, filterId, reason, versions }) => ({
      ...filter,
      whole: isWhole(filter),
      ...filterId !== undefined && { filter_id: filterId, fids: versions },
      ...reason !== undefined && { not_saved: reason },
    })));
  } else {
    for (const { filter, filterId, reason } of outcomes) {
      console.log(importText(filter));
      if (filterId !== undefined) console.log(paint("green", `  saved as filter ${filterId}`));
      if (reason !== undefined) console.log(paint("red", `  not saved: ${reason}`));
    }
    const whole = outcomes.filter(({ filter }) => isWhole(filter)).length;
    const saved = outcomes.filter(({ filterId }) => filterId !== undefined).length;
    console.log(`${whole} of ${outcomes.length} filters are translated whole, ${saved} are saved`);
  }
  return failed.length === 0 ? 0 : 1;
}
