/** Skymaps as clients send them and as they are stored: their times, triggers, levels and schemas. */
import { z } from "zod";
import { type Document, toInteger, toNumber } from "./document.ts";
import { shortText } from "./json.ts";
import { plainNumbers } from "./plain_numbers.ts";
import { QueryError } from "./query.ts";

export const SKYMAPS = "skymaps";

/** More levels would be a map of their own. */
const LEVELS_MAX = 20;
const NAME_LENGTH_MAX = 500;
const ALIASES_MAX = 100;

/** GeoJSON with longitudes of RA - 180: polygons, each its outline and its holes. */
export interface Contour {
  readonly type: "MultiPolygon";
  readonly properties: {
    readonly credible_level: number;
    /** Of the region itself, before outlines are drawn around it. */
    readonly area_deg2?: number;
    /** The region is a circle, and this its centre, in true right ascension. */
    readonly circle?: {
      readonly center_radec: readonly [number, number];
      readonly radius_deg: number;
    };
  };
  readonly coordinates: readonly (readonly (readonly (readonly [number, number])[])[])[];
}

export interface Centre {
  readonly type: "Point";
  readonly properties: { readonly credible_level: 0 };
  readonly coordinates: readonly [number, number];
}

/** `center`, and one `contour{level}` for each level. */
export type Contours = Readonly<Record<string, Contour | Centre>>;

/** Nested HEALPix pixels of an order, as ranges `[first, end)`, ascending and apart from each other. */
export interface Moc {
  readonly order: number;
  readonly ranges: readonly (readonly [number, number])[];
}

/** What a map is known by. */
export interface SkymapIdentity {
  readonly dateobs: Date;
  readonly localizationName: string;
  readonly aliases: readonly string[];
  /** Undefined: unknown. */
  readonly triggerid?: string | number | undefined;
}

/** What is made of a map for some levels. */
export interface MadeContours {
  readonly contours: Contours;
  /** By the keys of `contours`. */
  readonly mocs: Readonly<Record<string, Moc>>;
  /** Where the map is highest, in true right ascension and declination, degrees. */
  readonly centreRaDec: readonly [number, number];
}

/** Reads what clients send for a skymap, off the thread that serves them. */
export interface SkymapReader {
  /**
   * Reads the body of a PUT. Dispose of it, whatever happens. Rejects with `QueryError` or `JsonError`
   * for what is wrong with the body, with `UnavailableError` while too many are read.
   */
  open(body: string, signal: AbortSignal): Promise<ReadSkymap>;
}

export interface ReadSkymap extends Disposable {
  readonly identity: SkymapIdentity;
  /** The levels that are wanted. */
  readonly levels: readonly number[];
  /** Rejects as `open` does. */
  contours(levels: readonly number[]): Promise<MadeContours>;
}

const Text = z.string().min(1).max(NAME_LENGTH_MAX);
/** A bare text is a list of one; they are compared as a set. */
const Aliases = z.union([z.array(Text).max(ALIASES_MAX), Text])
  .transform((aliases) => typeof aliases === "string" ? [aliases] : [...new Set(aliases)]);
const Trigger = z.union([Text, z.int()]);
const Levels = z.union([
  z.number(),
  z.string(),
  z.array(z.union([z.number(), z.string()])).max(LEVELS_MAX),
]).describe("Credible levels in percent: a number, a list, or text with commas")
  .transform(toLevels);
const Time = z.string()
  .describe("YYYY-MM-DDTHH:MM:SS[.ffffff], UTC, with or without Z").transform(toDateObs);

/** The body of a PUT as it is described; `skymap` is read by `core/skymaps/forms.ts`. */
export const SkymapPutBody = z.object({
  dateobs: Time.nullish(),
  skymap: z.record(z.string(), z.unknown()).nullish().describe(
    "One of: {localization_name, uniq, probdensity}; {url} of a FITS map; {localization_name, " +
      "content} with a FITS map in base64; {ra, dec, error}; {localization_name, polygon}; " +
      "{localization_name, ra, dec, amaj, amin, phi}. Angles in degrees.",
  ),
  voevent: z.string().nullish().describe("A VOEvent 2.0 notice as XML; wins over skymap"),
  contours: Levels.default([90, 95]),
  aliases: Aliases.default([]),
  triggerid: Trigger.nullish(),
  trigger_id: Trigger.nullish(),
});
export const SkymapPut = plain(SkymapPutBody).transform(withTrigger);
export type SkymapPut = z.output<typeof SkymapPut>;

/** What maps are looked for by: all that is given has to fit. */
export const SkymapSearchFields = z.object({
  dateobs: Time.nullish(),
  triggerid: Trigger.nullish(),
  trigger_id: Trigger.nullish(),
  alias: Text.nullish(),
  localization_name: Text.nullish(),
  contours: Levels.nullish(),
  with_mocs: z.stringbool().or(z.boolean()).nullish().describe(
    "Tells the regions as HEALPix ranges",
  ),
});
export const SkymapDeleteBody = SkymapSearchFields.omit({ contours: true, with_mocs: true })
  .extend({ localization_name: Text });

export const SkymapSearch = plain(SkymapSearchFields).transform((search) => {
  const asked = withTrigger(search);
  if (asked.localization_name == null) checkEvent(asked);
  return asked;
});
export interface SkymapSearch {
  readonly dateobs?: Date | null | undefined;
  readonly triggerid?: string | number | null | undefined;
  readonly alias?: string | null | undefined;
  readonly localization_name?: string | null | undefined;
}

export const SkymapDelete = plain(SkymapDeleteBody).transform((search) => {
  const asked = withTrigger(search);
  checkEvent(asked);
  return asked;
});

function checkEvent({ dateobs, triggerid, alias }: SkymapSearch): void {
  if (dateobs != null || triggerid != null || alias != null) return;
  throw new QueryError("must provide dateobs, triggerid, or alias");
}

/** What a PUT tells of the map, and a GET with more. */
export const SkymapTold = z.object({
  dateobs: z.string(),
  localization_name: z.string(),
  contours: z.array(z.number()),
});
export const SkymapFound = z.looseObject({
  dateobs: z.string(),
  localization_name: z.string(),
  aliases: z.array(z.string()),
  contours: z.record(z.string(), z.looseObject({})),
});

/** The name of a level's contour: a dot would lead into the document. */
export function contourKey(level: number): string {
  return `contour${String(level).replace(".", "_")}`;
}

/** The level of a contour's name, as we or the original wrote it; undefined: it is no contour's. */
export function levelOf(key: string): number | undefined {
  const [, text] = /^contour([0-9]+(?:[._][0-9]+)?(?:e-[0-9]+)?)$/.exec(key) ?? [];
  return text === undefined ? undefined : Number(text.replace("_", "."));
}

export function levelsOf(contours: Document | Contours): number[] {
  return Object.keys(contours).map(levelOf).filter((level) => level !== undefined);
}

/** Each level once, in the order given. Throws `QueryError`. */
function toLevels(value: unknown): number[] {
  const items = typeof value === "string" ? value.split(",") : [value].flat();
  const levels = new Set(items.map(toLevel));
  if (levels.size >= 1 && levels.size <= LEVELS_MAX) return [...levels];
  throw new QueryError(
    `ValueError: contours must be 1 to ${LEVELS_MAX} levels: current value is ${levels.size}`,
  );
}

/** Throws `QueryError` for what isn't between 0 and 100. */
export function toLevel(value: unknown): number {
  const level = typeof value === "string" && value.trim() !== "" ? Number(value) : toNumber(value);
  if (level > 0 && level < 100) return level;
  throw new QueryError(
    `ValueError: contours must be > 0 and < 100: current value is ${shortText(value)}`,
  );
}

/** Levels as Python prints a list of them. */
export function levelsText(levels: readonly number[]): string {
  return `[${levels.join(", ")}]`;
}

const TIME = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d)(?:\.(\d{1,9}))?(?:Z|\+00:?00)?$/;

/** Throws `QueryError`. The archive holds milliseconds; what is finer is cut off. */
export function toDateObs(text: unknown): Date {
  const [, whole, fraction = ""] = TIME.exec(String(text)) ?? [];
  const date = new Date(`${whole}.${fraction.slice(0, 3).padEnd(3, "0")}Z`);
  // A 31st of February would be taken for a day of March.
  if (Number.isFinite(date.getTime()) && date.toISOString().startsWith(whole!)) return date;
  throw new QueryError(
    "ValueError: dateobs must be in the format YYYY-MM-DDTHH:MM:SS[.SSSSSS] if it is a string",
  );
}

/** As Python prints a time without zone: a fraction only where there is one. */
export function dateText(date: Date, separator: "T" | " " = "T"): string {
  const [whole, milliseconds] = date.toISOString().slice(0, -1).split(".");
  const fraction = milliseconds === "000" ? "" : `.${milliseconds}000`;
  return whole!.replace("T", separator) + fraction;
}

/** A trigger was stored as text or as a number, and is looked for as either. */
export function triggerForms(id: string | number): unknown[] {
  return /^-?[0-9]{1,18}$/.test(String(id)) ? [toInteger(BigInt(id)), String(id)] : [id];
}

/** An object of JSON whose numbers are plain, whether they were written as `10` or `10.0`. */
function plain<Schema extends z.ZodType>(schema: Schema) {
  return z.preprocess(plainNumbers, schema);
}

/** The two names of a trigger are one. */
function withTrigger<
  T extends {
    triggerid?: string | number | null | undefined;
    trigger_id?: string | number | null | undefined;
  },
>({ trigger_id, ...rest }: T): Omit<T, "trigger_id"> {
  return { ...rest, triggerid: rest.triggerid ?? trigger_id };
}
