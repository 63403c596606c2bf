/** Filters of BOOM as ours: pipelines on its documents of ZTF, on our alerts. */
import type { Document } from "../../contract/document.ts";
import { decodeExtended } from "../../contract/extended_json.ts";
import type { FilterSchema } from "../../contract/filter_fields.ts";
import { JsonError, parseExact } from "../../contract/json.ts";
import { toNumber } from "../../contract/document.ts";
import { checkFilter } from "../checks/check_filter.ts";
import { isObject } from "../engine/values.ts";
import { placeText } from "../query_tree.ts";
import { boomFields, type Named } from "./boom_fields.ts";
import { pathsIn, withPaths } from "./paths.ts";
import type { ImportedFilter, ImportedVersion, Renamed, Untranslated } from "./report.ts";

/** A filter's document, as BOOM's API or its database gives it. */
export function importBoom(document: Document, schema: FilterSchema): ImportedFilter {
  const { survey, watchlist, active_fid, fv, description } = document;
  const name = String(document.name ?? document.id ?? document._id ?? "a filter");
  const isZtf = String(survey ?? document.catalog ?? "ZTF").toLowerCase().startsWith("ztf");
  const versions = (Array.isArray(fv) ? fv : [{ fid: active_fid, pipeline: document.pipeline }])
    .filter(isObject);
  const newest = versions.at(-1)?.fid;
  const untranslated: Untranslated[] = [];
  if (!isZtf) {
    const why = "only filters of ZTF are translated";
    untranslated.push({ place: "survey", what: String(survey), why });
  }
  if (watchlist != null) {
    const why = "there are no watchlists in what filters see";
    untranslated.push({ place: "watchlist", what: String(watchlist), why });
  }
  if (versions.length === 0) {
    untranslated.push({ place: "fv", what: "the filter", why: "it has no versions" });
  }
  return {
    from: "boom",
    name,
    catalog: isZtf ? schema.catalog : null,
    permissions: permissionsOf(document.permissions),
    versions: versions.map((version) =>
      toVersion(version, version.fid === (active_fid ?? newest), isZtf, schema)
    ),
    untranslated,
    notes: typeof description === "string" && description !== "" ? [description] : [],
  };
}

/** A list, or a list for each survey. */
function permissionsOf(permissions: unknown): number[] {
  const ofSurvey = isObject(permissions)
    ? Object.entries(permissions).find(([name]) => name.toLowerCase() === "ztf")?.[1]
    : permissions;
  return Array.isArray(ofSurvey) ? ofSurvey.map(toNumber).filter(Number.isInteger) : [];
}

function toVersion(
  { fid, pipeline }: Document,
  isActive: boolean,
  isZtf: boolean,
  schema: FilterSchema,
): ImportedVersion {
  const known = { ...fid != null && { version: String(fid) }, isActive };
  const nothing = { pipeline: null, renamed: [], computed: [], notes: [] };
  const refused = (why: string) => ({
    ...known,
    ...nothing,
    untranslated: [{ place: "the pipeline", what: "all of it", why }],
  });
  if (!isZtf) return refused("only filters of ZTF are translated");
  try {
    const stages = decodeExtended(typeof pipeline === "string" ? parseExact(pipeline) : pipeline);
    const areStages = Array.isArray(stages) && stages.length > 0 &&
      stages.every((stage) => isObject(stage) && Object.keys(stage).length === 1);
    if (!areStages) return refused("it must be a list of stages");
    return { ...known, ...translate(stages as Document[], schema) };
  } catch (error) {
    if (!(error instanceof JsonError)) throw error;
    return refused(error.message);
  }
}

/** Names that differ: the first of ours that the schema has is taken. */
const SCORES: Readonly<Record<string, string>> = { btsbot: "bts" };
const CATALOGS: Readonly<Record<string, readonly string[]>> = {
  Gaia_DR3: ["Gaia_DR3", "Gaia_EDR3", "Gaia_DR2"],
  NED: ["NED", "NED_BetaV3"],
  milliquas_v6: ["milliquas_v6", "milliquas"],
  milliquas_v8: ["milliquas_v8", "milliquas"],
  "2MASS": ["2MASS", "2MASS_PSC"],
};

function translate(stages: readonly Document[], schema: FilterSchema) {
  const has = new Set(schema.fields.map(({ path }) => path));
  const renamed = new Map<string, Renamed>();
  const rename = (path: string): string => {
    const to = ourPath(path, has);
    if (to !== path) renamed.set(path, { from: path, to });
    return to;
  };
  const pipeline = withPaths(stages, rename);
  const fields = boomFields(namedIn(pipeline));
  const computed = Object.keys(fields);
  // As late as can be: what comes before is looked up with all other filters' conditions.
  const isOf = (path: string) => computed.some((field) => isWithin(path, field));
  const at = pipeline.findIndex((stage) => [...pathsIn([stage])].some(isOf));
  const whole = computed.length === 0
    ? pipeline
    : [...pipeline.slice(0, at), { $addFields: fields }, ...pipeline.slice(at)];
  const { unknown } = checkFilter(whole, schema);
  const untranslated = unknown.map(({ stage, place, name }): Untranslated => ({
    // In the stages as they were.
    place: placeText(computed.length > 0 && stage > at + 1 ? stage - 1 : stage, place),
    what: name,
    why: whyNot(name),
  }));
  return {
    pipeline: whole,
    renamed: [...renamed.values()],
    computed,
    untranslated,
    notes: notesOf(computed, [...renamed.keys()]),
  };
}

function ourPath(path: string, has: ReadonlySet<string>): string {
  if (path === "_id") return "candid";
  const [first, second, ...rest] = path.split(".");
  if (first === "classifications" && second !== undefined && Object.hasOwn(SCORES, second)) {
    return [first, SCORES[second]!, ...rest].join(".");
  }
  if (first === "cross_matches" && second !== undefined && Object.hasOwn(CATALOGS, second)) {
    const known = CATALOGS[second]!.find((name) => has.has(`cross_matches.${name}`));
    if (known !== undefined) return [first, known, ...rest].join(".");
  }
  return path;
}

/** The same path, or one below it or above it. */
function isWithin(path: string, field: string): boolean {
  return path === field || path.startsWith(`${field}.`) || field.startsWith(`${path}.`);
}

function namedIn(pipeline: readonly Document[]): Named {
  const paths = [...pathsIn(pipeline)];
  const lastNames = new Set(paths.flatMap((path) => path.split(".").slice(1)));
  return {
    field: (field) => paths.some((path) => path === field || path.startsWith(`${field}.`)),
    ofItem: (name) => lastNames.has(name),
  };
}

function whyNot(name: string): string {
  const [first, second] = name.split(".");
  switch (first) {
    case "aliases":
    case "survey_matches":
    case "LSST":
    case "DECAM":
      return "objects of other surveys aren't joined in what filters see";
    case "sso_history":
      return "detections of moving objects aren't joined";
    case "properties":
      return second === "photstats" || second === "multisurvey_photstats"
        ? "fits to the light curve aren't made here"
        : "there is no such property here";
    case "cross_matches":
      return "there is no such match in the settings here";
    default:
      return "there is no such field here";
  }
}

function notesOf(computed: readonly string[], renamed: readonly string[]): string[] {
  const text = JSON.stringify(computed);
  return [
    ...text.includes("psfFlux")
      ? ["fluxes have BOOM's zero point of 23.9 and its factor of 1e9"]
      : [],
    ...text.includes("fp_hists") ? ["forced photometry is only that of procstatus 0 here"] : [],
    ...renamed.some((path) => path.startsWith("cross_matches."))
      ? ["a catalog may be another release of it here"]
      : [],
    ...renamed.includes("classifications.btsbot")
      ? ["scores of BTSbot differ where BOOM gives the network an age of the other sign"]
      : [],
  ];
}
