/** Cutouts as they lie in alerts, and those that were drawn lately. */
import { RecentBytes } from "../base/recent_bytes.ts";
import type { Binary, Document } from "../contract/document.ts";
import type { ArchiveView } from "../contract/query.ts";
import type { CutoutKind, SurveyDef } from "../contract/survey.ts";
import { readDocument } from "./bson_read.ts";

export interface StoredCutout {
  /** As the survey sent it: a FITS image, gzipped as a rule; null: the alert has none. */
  readonly bytes: Uint8Array | null;
  /** The survey's own name for the file, where it sends one. */
  readonly fileName: string | undefined;
}

/** A cutout as it is sent. */
export interface DrawnCutout {
  readonly bytes: Uint8Array<ArrayBuffer>;
  readonly headers: Readonly<Record<string, string>>;
}

export interface CutoutStore {
  readonly surveys: ReadonlyMap<string, SurveyDef>;
  /** Of an alert that `archive` shows; undefined: there is no such alert, or not for these eyes. */
  read(
    archive: ArchiveView,
    survey: SurveyDef,
    candid: bigint,
    kind: CutoutKind,
  ): Promise<StoredCutout | undefined>;
  /** By keys that tell who may see them. */
  readonly drawn: RecentBytes<DrawnCutout>;
}

/** Some hundreds of pictures: what a page of candidates shows, for several people. */
const DRAWN_BYTES_MAX = 32 * 1024 * 1024;

export function cutoutStore(surveys: readonly SurveyDef[]): CutoutStore {
  return {
    surveys: new Map(surveys.map((survey) => [survey.name, survey])),
    drawn: new RecentBytes({ bytesMax: DRAWN_BYTES_MAX }),
    async read(archive, { collections, cutoutKeys }, candid, kind) {
      const key = cutoutKeys[kind];
      const found = archive.find(collections.alerts, { candid }, {
        projection: { _id: 0, [key]: 1 },
        limit: 1,
      });
      for await (const [document] of found) {
        if (document) return toStored(readDocument(document)[key]);
      }
      return undefined;
    },
  };
}

/** Some surveys send bytes, some a record of bytes and the name of their file. */
function toStored(value: unknown): StoredCutout {
  if (isBinary(value)) return { bytes: value.value(), fileName: undefined };
  const { stampData, fileName } = (value ?? {}) as Document;
  return {
    bytes: isBinary(stampData) ? stampData.value() : null,
    fileName: typeof fileName === "string" ? fileName : undefined,
  };
}

/** Told by its tag: the driver may hold its own copy of the class. */
function isBinary(value: unknown): value is Binary {
  return (value as Partial<Binary> | null | undefined)?._bsontype === "Binary";
}
