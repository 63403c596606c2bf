import { z } from "zod";
import type { SkymapDocument } from "../archive/skymap_store.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { dateText, levelsOf, levelsText, SkymapSearch } from "../contract/skymaps.ts";
import { defineOperation, RefusedError } from "../operation.ts";

/** Where a key is given more than once, all its values are levels. */
const Request = z.object({
  search: z.record(z.string(), z.string()),
  searchAll: z.record(z.string(), z.array(z.string())),
  body: z.unknown(),
}).transform(({ search, searchAll, body }): unknown => ({
  ...isPlainObject(body) && body,
  ...search,
  ...searchAll.contours && { contours: searchAll.contours.join(",") },
}));

/** A stored skymap with all its contours; the same for HEAD, whose answer is its status. */
export default defineOperation({
  name: "skymap_get",
  permission: "read",
  input: Request.pipe(SkymapSearch),
  async run({ contours, with_mocs, ...search }, { stores: { skymaps } }) {
    const found = await skymaps.search(search);
    if (found === null) throw new RefusedError(404, "no skymap found");
    const there = levelsOf(found.contours);
    const missing = (contours ?? []).filter((level) => !there.includes(level));
    if (missing.length > 0) {
      const message = `skymap exists but is missing contours ${levelsText(missing)}`;
      return { kind: "json", status: "error", message };
    }
    return { kind: "json", data: toData(found, with_mocs === true) };
  },
});

function toData({ _id, dateobs, mocs, ...document }: SkymapDocument, withMocs: boolean) {
  return { ...document, dateobs: dateText(dateobs), ...withMocs && { mocs } };
}
