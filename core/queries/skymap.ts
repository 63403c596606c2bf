import { deserialize } from "bson";
import { z } from "zod";
import { type Document, toNumber } from "../contract/document.ts";
import { type ArchiveView, defineQuery, QueryError } from "../contract/query.ts";
import {
  type Contour,
  levelOf,
  SKYMAPS,
  toDateObs,
  toLevel,
  triggerForms,
} from "../contract/skymaps.ts";
import { CatalogName, field, Filter, Kwargs, Projection } from "./_inputs.ts";

const Skymap = z.object({
  localization_name: z.string().optional(),
  dateobs: field(toDateObs).nullish(),
  trigger_id: z.unknown().optional(),
  triggerid: z.unknown().optional(),
  aliases: z.array(z.string()).max(100).nullish(),
  contour: field(toLevel).default(90),
}).transform(({ localization_name, dateobs, trigger_id, triggerid, aliases, contour }) => {
  if (!localization_name) throw new QueryError("name must be specified");
  const trigger = triggerid ?? trigger_id;
  const events: Document[] = [
    ...dateobs ? [{ dateobs }] : [],
    ...trigger == null ? [] : [{ triggerid: { $in: triggerForms(toTrigger(trigger)) } }],
    ...aliases?.length ? [{ aliases: { $in: aliases } }] : [],
  ];
  if (events.length === 0) {
    throw new QueryError(
      "At least one of dateobs, trigger_id, skymap_name, aliases must be specified",
    );
  }
  return { map: { localization_name, $or: events }, level: contour };
});

const Input = z.object({
  query: z.object({
    skymap: Skymap,
    catalog: CatalogName,
    filter: Filter,
    projection: Projection,
  }),
  kwargs: Kwargs,
});

/** `skymap`: what a catalog holds within the contour of a stored map. */
export default defineQuery<z.output<typeof Input>>({
  name: "skymap",
  input: Input,
  async run({ query: { skymap, catalog, filter, projection }, kwargs }, { archive }) {
    const { coordinates } = await contourOf(archive, skymap.map, skymap.level);
    const region = { $geometry: { type: "MultiPolygon", coordinates } };
    const inside = { "coordinates.radec_geojson": { $geoWithin: region } };
    const both = { $and: [filter, inside] };
    return { kind: "list", documents: archive.find(catalog, both, { projection, ...kwargs }) };
  },
});

async function contourOf(archive: ArchiveView, map: Document, level: number): Promise<Contour> {
  const how = { projection: { contours: 1 }, limit: 1, always: true };
  const found = archive.find(SKYMAPS, map, how);
  for await (const [raw] of found) {
    if (raw === undefined) continue;
    const { contours = {} } = deserialize(raw);
    // Written by the original, a level may stand there as 90.0.
    const key = Object.keys(contours).find((name) => levelOf(name) === level);
    if (key !== undefined) return contours[key];
    throw new QueryError(`ValueError: Contour level ${level} not found in skymap`);
  }
  throw new QueryError("ValueError: Skymap not found");
}

function toTrigger(value: unknown): string | number {
  if (typeof value === "string") return value;
  if (typeof value === "bigint") return String(value);
  const number = toNumber(value);
  if (!Number.isNaN(number)) return number;
  throw new QueryError("ValueError: trigger_id must be a number or a text");
}
