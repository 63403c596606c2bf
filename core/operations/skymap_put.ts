import { z } from "zod";
import type { SkymapDocument, SkymapStore } from "../archive/skymap_store.ts";
import { dateText, levelsOf, levelsText, type ReadSkymap } from "../contract/skymaps.ts";
import { UnavailableError } from "../contract/query.ts";
import { defineOperation, RefusedError } from "../operation.ts";
import { toTold } from "./_skymaps.ts";

/** How often another request may add or remove the same map while this one is at work. */
const TRIES = 3;

/** Adds a skymap, or contours to one that is there. */
export default defineOperation({
  name: "skymap_put",
  permission: "skymaps",
  // Megabytes of numbers: whoever reads the map parses them too, off this thread.
  bodyAs: "text",
  input: z.object({ body: z.string().default("") }),
  async run({ body }, { stores: { skymaps, skymapReader }, principal, signal }) {
    using map = await skymapReader.open(body, signal);
    const { document, added } = await addOrExtend(map, skymaps, principal.name);
    const when = dateText(document.dateobs, " ");
    return {
      kind: "json",
      message: added === undefined
        ? `added skymap for ${when} with contours ${levelsText(map.levels)}`
        : `updated skymap for ${when} to add contours ${levelsText(added)}`,
      data: toTold(document),
    };
  },
});

interface Stored {
  readonly document: SkymapDocument;
  /** Undefined: all of it. */
  readonly added?: readonly number[];
}

async function addOrExtend(map: ReadSkymap, store: SkymapStore, owner: string): Promise<Stored> {
  for (let attempt = 0; attempt < TRIES; attempt++) {
    const found = await store.find(map.identity);
    if (found === null) {
      const document = await store.add(map.identity, await map.contours(map.levels), owner);
      if (document !== null) return { document };
      continue;
    }
    const there = levelsOf(found.contours);
    const missing = map.levels.filter((level) => !there.includes(level));
    if (missing.length === 0) {
      const message = "skymap already exists with the same contours";
      throw new RefusedError(409, message, "already_exists", toTold(found));
    }
    const document = await store.extend(found._id, await map.contours(missing));
    if (document !== null) return { document, added: missing };
  }
  throw new UnavailableError("Cannot store the skymap as others change it all the time");
}
