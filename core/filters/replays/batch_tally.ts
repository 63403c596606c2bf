/** What a batch of a replay comes to: by night, by object, and the passes themselves. */
import type { Known } from "../../archive/known_objects.ts";
import type { AlertKey, Counts } from "../../archive/replay_document.ts";
import { dateOfJulianDate } from "../../astro/julian_date.ts";
import { type Document, toNumber } from "../../contract/document.ts";
import type { SurveyDef } from "../../contract/survey.ts";
import type { ReplayedObject } from "./object_report.ts";

/** A pass, and what came out of the filter. */
export interface FreshPass extends AlertKey {
  readonly objectId: unknown;
  readonly document: Document;
}

interface BatchObject {
  readonly objectId: unknown;
  readonly position: { readonly raDeg: number; readonly decDeg: number } | undefined;
  firstJd?: number;
  liveFirstJd?: number;
}

export class BatchTally {
  readonly #survey: Pick<SurveyDef, "objectIdKey">;
  /** By the date, UTC. */
  readonly nights = new Map<string, Counts>();
  /** By their ids as texts. */
  readonly objects = new Map<string, BatchObject>();
  readonly passes: FreshPass[] = [];

  constructor(survey: Pick<SurveyDef, "objectIdKey">) {
    this.#survey = survey;
  }

  get alerts(): number {
    return this.nights.values().reduce((sum, night) => sum + night.alerts, 0);
  }

  /** `document`: what came out of the version, where it passed. */
  add(input: Document, document: Document | undefined, isLivePass: boolean): void {
    const objectId = input[this.#survey.objectIdKey];
    const jd = toNumber((input.candidate as Document).jd);
    const candid = input.candid as number | bigint;
    const isPass = document !== undefined;
    this.#count(dateOfJulianDate(jd), isPass, isLivePass);
    if (isPass) this.passes.push({ jd, candid, objectId, document });
    const object = this.objects.get(String(objectId)) ?? { objectId, position: positionOf(input) };
    if (isPass) object.firstJd = Math.min(object.firstJd ?? Infinity, jd);
    if (isLivePass) object.liveFirstJd = Math.min(object.liveFirstJd ?? Infinity, jd);
    this.objects.set(String(objectId), object);
  }

  /** The objects that passed, or of which somebody knows. */
  changes(known: ReadonlyMap<string, Known>): ReplayedObject[] {
    return [...this.objects].flatMap(([id, { objectId, firstJd, liveFirstJd }]) => {
      const others = known.get(id);
      if (firstJd === undefined && liveFirstJd === undefined && others === undefined) return [];
      return [{ objectId, firstJd, liveFirstJd, ...others }];
    });
  }

  #count(night: string, isPass: boolean, isLivePass: boolean): void {
    const before = this.nights.get(night);
    this.nights.set(night, {
      alerts: (before?.alerts ?? 0) + 1,
      passes: (before?.passes ?? 0) + Number(isPass),
      live_passes: (before?.live_passes ?? 0) + Number(isLivePass),
    });
  }
}

/** The archive's longitudes are RA - 180. */
function positionOf({ coordinates }: Document) {
  const point = (coordinates as Document | undefined)?.radec_geojson as Document | undefined;
  if (!Array.isArray(point?.coordinates)) return undefined;
  const [longitude, decDeg] = point.coordinates.map(toNumber) as [number, number];
  return { raDeg: longitude + 180, decDeg };
}
