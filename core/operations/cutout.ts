import { z } from "zod";
import { CutoutFormat, CutoutPath, CUTOUTS, CutoutSearch } from "../contract/cutouts.ts";
import { shortText } from "../contract/json.ts";
import { type Principal, QueryError } from "../contract/query.ts";
import type { SurveyDef } from "../contract/survey.ts";
import { makeCutout } from "../cutouts/cutout.ts";
import { defineOperation } from "../operation.ts";
import type { DrawnCutout, StoredCutout } from "../archive/cutout_store.ts";

const Input = z.object({ path: CutoutPath, search: CutoutSearch });

/** Alerts never change, and neither does what somebody may see of one for long. */
const CACHE_CONTROL = "private, immutable, max-age=86400";
const INT64_MAX = 2n ** 63n - 1n;

/** A cutout of an alert, as a FITS file or as a picture. */
export default defineOperation<z.output<typeof Input>>({
  name: "cutout",
  permission: "read",
  input: Input,
  async run({ path, search }, { archive, principal, stores: { cutouts } }) {
    const { survey, cutout, kind, format, candid } = parsePath(path, cutouts.surveys);
    const { stretch = kind === "Difference" ? "linear" : "log", interval, cmap } = search;
    const style = format === "png" ? [stretch, interval, cmap] : [];
    const key = [rightsOf(principal), survey.name, candid, kind, format, ...style].join(" ");
    let drawn = cutouts.drawn.get(key);
    if (drawn === undefined) {
      const stored = await cutouts.read(archive, survey, candid, kind);
      if (stored === undefined) {
        throw new QueryError(`${survey.name} alert ${candid} not found`);
      }
      if (stored.bytes === null) {
        throw new QueryError(`cutout ${cutout} not found in ${survey.name} alert ${candid}`);
      }
      const orientation = survey.cutoutOrientation ?? "as-is";
      const bytes = makeCutout(stored.bytes, orientation, format, { stretch, interval, cmap });
      const fileName = fileNameOf(stored, `${survey.name}_${candid}_${cutout}.fits`);
      drawn = { bytes, headers: await headersOf(bytes, format, fileName) };
      cutouts.drawn.set(key, drawn);
    }
    return { kind: "bytes", contentType: `image/${format}`, ...drawn };
  },
});

/** In the order in which what is wrong is told. */
function parsePath(path: z.output<typeof CutoutPath>, surveys: ReadonlyMap<string, SurveyDef>) {
  const survey = surveys.get(path.survey.toLowerCase());
  if (survey === undefined) {
    const names = [...surveys.keys()].join(", ");
    throw new QueryError(`survey ${shortText(path.survey)} must be one of [${names}]`);
  }
  const cutout = path.cutout.toLowerCase();
  const kind = CUTOUTS.get(cutout);
  if (kind === undefined) {
    throw new QueryError(
      `cutout ${shortText(path.cutout)} not in ['science', 'template', 'difference']`,
    );
  }
  const format = CutoutFormat.safeParse(path.file_format);
  if (!format.success) {
    throw new QueryError(`file format ${shortText(path.file_format)} not in ['fits', 'png']`);
  }
  const candid = /^-?\d{1,19}$/.test(path.candid) ? BigInt(path.candid) : undefined;
  if (candid === undefined || candid > INT64_MAX || candid < -INT64_MAX) {
    throw new QueryError(
      `failure: candid must be an integer of 64 bits: current value is ${shortText(path.candid)}`,
    );
  }
  return { survey, cutout, kind, format: format.data, candid };
}

/** Who has the same rights sees the same alerts. */
function rightsOf({ admin, programIds }: Principal): string {
  return admin ? "all" : programIds.toSorted((a, b) => a - b).join(",");
}

/** The survey's own name, without the suffix that says that it was gzipped. */
function fileNameOf({ fileName }: StoredCutout, otherwise: string): string {
  const name = fileName?.replace(/\.[^.]*$/, "") ?? "";
  // It is in an alert, so it could be anything; a header takes no line breaks and no quotes.
  return /^[\w.+-]+$/.test(name) ? name : otherwise;
}

async function headersOf(
  bytes: Uint8Array<ArrayBuffer>,
  format: CutoutFormat,
  fileName: string,
): Promise<DrawnCutout["headers"]> {
  const digest = new Uint8Array(await crypto.subtle.digest("SHA-256", bytes));
  return {
    etag: `"${digest.subarray(0, 12).toBase64({ alphabet: "base64url" })}"`,
    "cache-control": CACHE_CONTROL,
    ...format === "fits" && { "content-disposition": `Attachment; filename="${fileName}"` },
  };
}
