/** What the body of a PUT says of a skymap, and the contours that it makes when they are asked for. */
import { z } from "zod";
import { parseExact } from "../contract/json.ts";
import { QueryError } from "../contract/query.ts";
import { type MadeContours, type SkymapIdentity, SkymapPut } from "../contract/skymaps.ts";
import { makeContours, type SkymapSource } from "./contours.ts";
import type { Downloads } from "./download.ts";
import { coneSource, type NamedSource, toSource, urlSource } from "./forms.ts";
import { type Notice, readVoevent } from "./voevent.ts";

export interface OpenSkymap {
  readonly identity: SkymapIdentity;
  /** The levels that are wanted. */
  readonly levels: readonly number[];
  /** Takes seconds. Throws `QueryError`. */
  contours(levels: readonly number[]): Promise<MadeContours>;
}

/** Nothing is fetched or computed yet, but for a look whether there is what a notice names. */
export async function openSkymap(body: string, downloads: Downloads): Promise<OpenSkymap> {
  checkParts(body);
  const parsed = SkymapPut.safeParse(parseExact(body));
  if (!parsed.success) {
    throw new QueryError(`Invalid request body: ${z.prettifyError(parsed.error)}`);
  }
  const put = parsed.data;
  const { identity, source } = put.voevent
    ? await fromNotice(put, readVoevent(put.voevent), downloads)
    : fromForm(put);
  return {
    identity,
    levels: put.contours,
    async contours(levels) {
      const made: SkymapSource = await source.make(downloads.get);
      return makeContours(made, levels);
    },
  };
}

/** A list of cells, and one of their densities, as long as they may be; and text that looks like them. */
const PARTS_MAX = 2_500_000;
const LISTS_MAX = 20_000;

/** Before it is parsed: what is small as text may be large in memory. */
function checkParts(body: string): void {
  let parts = 0;
  let lists = 0;
  for (let i = 0; i < body.length; i++) {
    const code = body.charCodeAt(i);
    if (code === COMMA) parts++;
    else if (code === BRACKET || code === BRACE) lists++;
  }
  if (parts <= PARTS_MAX && lists <= LISTS_MAX) return;
  throw new QueryError(
    `Cannot use the skymap as its numbers must be <= ${PARTS_MAX}, and its lists <= ${LISTS_MAX}`,
  );
}

const [COMMA, BRACKET, BRACE] = [...",[{"].map((character) => character.charCodeAt(0));

interface Named {
  readonly identity: SkymapIdentity;
  readonly source: NamedSource;
}

function fromForm({ dateobs, skymap, aliases, triggerid }: SkymapPut): Named {
  if (!dateobs) throw new QueryError("ValueError: dateobs is required in the request body");
  if (!skymap) {
    throw new QueryError(
      "ValueError: either skymap dict or voevent is required in the request body",
    );
  }
  const source = toSource(skymap);
  const { localizationName } = source;
  return {
    source,
    identity: { dateobs, localizationName, aliases, triggerid: triggerid ?? undefined },
  };
}

async function fromNotice(put: SkymapPut, notice: Notice, downloads: Downloads): Promise<Named> {
  const dateobs = put.dateobs ?? notice.dateobs;
  if (!dateobs) throw new QueryError("ValueError: Could not get dateobs from VOEvent file");
  const source = await sourceOf(notice, downloads);
  return {
    source,
    identity: {
      dateobs,
      localizationName: source.localizationName,
      aliases: [...new Set([...put.aliases, ...notice.aliases])],
      triggerid: notice.triggerid ?? put.triggerid ?? undefined,
    },
  };
}

/** The map where there is one, else the error circle; a retraction takes back only the circle. */
async function sourceOf(
  { mapUrl, cone, isRetraction }: Notice,
  downloads: Downloads,
): Promise<NamedSource> {
  if (mapUrl !== undefined && await downloads.has(mapUrl)) return urlSource(mapUrl);
  if (cone === undefined || (mapUrl === undefined && isRetraction)) {
    throw new QueryError("ValueError: Could not get skymap from VOEvent file");
  }
  return coneSource(cone.centre, cone.sigmaDeg);
}
