/** What a VOEvent 2.0 notice of a network of observatories tells of a skymap. */
import { parseXml, XmlElement } from "@rgrove/parse-xml";
import type { Direction } from "../astro/angles.ts";
import { toDateObs } from "../contract/skymaps.ts";
import { QueryError } from "../contract/query.ts";

export interface Notice {
  /** Undefined: the notice doesn't say. */
  readonly dateobs: Date | undefined;
  readonly triggerid: number | undefined;
  readonly aliases: readonly string[];
  /** Where the map is, and whether it is takes asking. */
  readonly mapUrl: string | undefined;
  readonly cone: { readonly centre: Direction; readonly sigmaDeg: number } | undefined;
  readonly isRetraction: boolean;
}

const NAMESPACE = "http://www.ivoa.net/xml/VOEvent/v2.0";
const ROLES = ["observation", "prediction", "utility", "test"];
const PARTS = ["Who", "What", "WhereWhen", "How", "Why", "Citations", "Description", "Reference"];

/** Notices of Fermi's burst monitor (GCN packet types). */
const FERMI_POSITIONS = [111, 112, 115];
const FERMI_FINAL = 115;
const FERMI_SUBTHRESHOLD = 131;
/** AMON tells a radius of 95 %; so many sigma it is of a Gaussian in two dimensions. */
const AMON_SIGMAS = Math.sqrt(-2 * Math.log(0.05));

/**
 * Reads a notice. The text is never taken for a location, and nothing that a document type declares is
 * looked at: the parser knows no entities but XML's own. Throws `QueryError`.
 */
export function readVoevent(xml: string): Notice {
  const root = rootOf(xml);
  const what = child(root, "What");
  const type = integer(param(what, "Packet_Type"));
  return {
    dateobs: timeOf(root),
    triggerid: integer(anywhere(root, "Param").find((each) => isNamed(each, "TrigID"))),
    aliases: aliasesOf(what, type),
    mapUrl: mapUrlOf(what, type),
    cone: coneOf(root),
    isRetraction: integer(param(what, "Retraction")) === 1,
  };
}

function rootOf(xml: string): XmlElement {
  const root = parsed(xml);
  if (root !== null && isVoevent(root)) return root;
  throw new QueryError("ValueError: xml file is not valid VOEvent");
}

function parsed(xml: string): XmlElement | null {
  try {
    return parseXml(xml).root;
  } catch {
    return null; // Not well formed, or nested deeper than any notice.
  }
}

/** The rules of the VOEvent schema that tell a notice from other XML. */
function isVoevent(root: XmlElement): boolean {
  const { version, role, ivorn } = root.attributes;
  const prefix = root.name.includes(":") ? `:${root.name.split(":")[0]}` : "";
  const parts = elements(root).map(nameOf);
  return nameOf(root) === "VOEvent" && root.attributes[`xmlns${prefix}`] === NAMESPACE &&
    version === "2.0" && ROLES.includes(role ?? "") && URL.canParse(ivorn ?? "") &&
    parts.every((part) => PARTS.includes(part)) && new Set(parts).size === parts.length;
}

function timeOf(root: XmlElement): Date | undefined {
  const coordinates = observationOf(root)
    .filter((each) => each.attributes.coord_system_id === "UTC-FK5-GEO");
  const text = textOf(descend(coordinates, "Time", "TimeInstant", "ISOTime")[0]);
  if (text === undefined) return undefined;
  return new Date(Math.round(toDateObs(text).getTime() / 1000) * 1000);
}

function aliasesOf(what: XmlElement | undefined, type: number | undefined): string[] {
  const aliases: string[] = [];
  if (type !== undefined && FERMI_POSITIONS.includes(type)) {
    const path = param(what, "LightCurve_URL")?.attributes.value?.split("/triggers/")[1];
    const name = path?.split("/")[1];
    if (name) aliases.push(`FERMI#${name}`);
  }
  const graceId = param(what, "GraceID")?.attributes.value;
  return graceId ? [...aliases, `LVC#${graceId}`] : aliases;
}

function mapUrlOf(what: XmlElement | undefined, type: number | undefined): string | undefined {
  const value = (name: string) => param(what, name)?.attributes.value;
  const url = type === FERMI_FINAL
    // The plot of the map stands where the map does.
    ? value("LocationMap_URL")?.replace("http://", "https://")
      .replace("_locplot_", "_healpix_").replace(".png", ".fit")
    : type === FERMI_SUBTHRESHOLD
    ? value("HealPix_URL")
    : undefined;
  if (url !== undefined) return url;
  const group = children(what, "Group").find(({ attributes }) => attributes.type === "GW_SKYMAP");
  return param(group, "skymap_fits")?.attributes.value;
}

function coneOf(root: XmlElement): Notice["cone"] {
  const position = descend(observationOf(root), "Position2D")[0];
  const raDeg = decimal(descend([position], "Value2", "C1")[0]);
  const decDeg = decimal(descend([position], "Value2", "C2")[0]);
  const radiusDeg = decimal(child(position, "Error2Radius"));
  if (
    !(raDeg >= 0 && raDeg <= 360 && Math.abs(decDeg) <= 90 && radiusDeg > 0 && radiusDeg <= 180)
  ) return undefined;
  const mission = new URL(root.attributes.ivorn!).pathname.replace(/^\/+/, "");
  const sigmaDeg = mission === "AMON" ? radiusDeg / AMON_SIGMAS : radiusDeg;
  return { centre: { raDeg, decDeg }, sigmaDeg };
}

function observationOf(root: XmlElement): XmlElement[] {
  return descend(
    [root],
    "WhereWhen",
    "ObsDataLocation",
    "ObservationLocation",
    "AstroCoords",
  );
}

/** The element's name without its namespace's. */
function nameOf({ name }: XmlElement): string {
  return name.slice(name.indexOf(":") + 1);
}

function elements(parent: XmlElement | undefined): XmlElement[] {
  return (parent?.children ?? []).filter((each) => each instanceof XmlElement);
}

function children(parent: XmlElement | undefined, name: string): XmlElement[] {
  return elements(parent).filter((each) => nameOf(each) === name);
}

function child(parent: XmlElement | undefined, name: string): XmlElement | undefined {
  return children(parent, name)[0];
}

function descend(from: readonly (XmlElement | undefined)[], ...names: string[]): XmlElement[] {
  return names.reduce(
    (parents: readonly (XmlElement | undefined)[], name) =>
      parents.flatMap((parent) => children(parent, name)),
    from,
  ) as XmlElement[];
}

function anywhere(parent: XmlElement, name: string): XmlElement[] {
  return elements(parent).flatMap((each) => [
    ...nameOf(each) === name ? [each] : [],
    ...anywhere(each, name),
  ]);
}

function param(parent: XmlElement | undefined, name: string): XmlElement | undefined {
  return children(parent, "Param").find((each) => isNamed(each, name));
}

function isNamed({ attributes }: XmlElement, name: string): boolean {
  return attributes.name === name;
}

function textOf(element: XmlElement | undefined): string | undefined {
  return element?.text.trim() || undefined;
}

function integer(element: XmlElement | undefined): number | undefined {
  const text = element?.attributes.value?.trim() ?? "";
  return /^-?[0-9]{1,15}$/.test(text) ? Number(text) : undefined;
}

function decimal(element: XmlElement | undefined): number {
  const text = textOf(element);
  return text === undefined ? NaN : Number(text);
}
