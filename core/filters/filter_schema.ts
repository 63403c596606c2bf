/** What filters of a survey see: its own fields, and what settings add to them. */
import type { CatalogMatch } from "../contract/crossmatch.ts";
import type { FilterField, FilterSchema } from "../contract/filter_fields.ts";
import type { SurveyDef } from "../contract/survey.ts";

/** What an alert is given on its way to filters. */
export interface Additions {
  readonly catalogs: readonly CatalogMatch[];
  /** The names of networks that score it. */
  readonly models: readonly string[];
}

/** Undefined for a survey that doesn't say what its fields are. */
export function filterSchema(
  { collections, objectIdKey, filterFields }: SurveyDef,
  { catalogs, models }: Additions,
): FilterSchema | undefined {
  if (filterFields === undefined) return undefined;
  return {
    catalog: collections.alerts,
    ids: ["candid", objectIdKey],
    fields: [
      ...filterFields,
      { path: "classifications", type: "object", about: "scores by networks" },
      ...models.flatMap((model): FilterField[] => [
        field(`classifications.${model}`, "double", `score by the network ${model}`),
        field(`classifications.${model}_version`, "string", `version of the network ${model}`),
      ]),
      field("cross_matches", "object", "catalogs, each with what is near the object"),
      ...catalogs.flatMap(matchFields),
    ],
  };
}

function field(path: string, type: FilterField["type"], about: string): FilterField {
  return { path, type, optional: true, about };
}

function matchFields({ catalog, projection, use_distance }: CatalogMatch): FilterField[] {
  const path = `cross_matches.${catalog}`;
  const shown = Object.entries(projection).filter(([, isShown]) => isShown === 1)
    .map(([name]) => name);
  // Without a projection, or with one that only leaves out, a row has what the catalog has.
  const names = shown.filter((name) => name !== "_id").length === 0 ? ["*"] : shown;
  const parents = names.filter((name) => name.includes("."))
    .map((name) => name.split(".")[0]!);
  return [
    field(path, "array", `what ${catalog} has near the object`),
    ...[...new Set(parents)].map((name) => field(`${path}.${name}`, "object", `of ${catalog}`)),
    ...names.map((name) => field(`${path}.${name}`, "any", `${name} of ${catalog}`)),
    ...use_distance
      ? ["arcsec", "kpc"].map((unit): FilterField => ({
        ...field(`${path}.coordinates.distance_${unit}`, "double", "its distance from the object"),
        unit,
      }))
      : [],
  ];
}
