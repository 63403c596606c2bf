/**
 * Colours for values from 0 to 1, 256 of them a map. Each map is a line through a few colours of our
 * choice, within 2 of 255 of the map that people know by its name: cividis (Nunez et al. 2018), viridis
 * and magma (Smith and van der Walt 2015), bone (grey, an eighth of it turned to blue).
 */
import type { ColourMap } from "../contract/cutouts.ts";

/** At which of the 256 entries, which colour. */
const KNOTS: Readonly<Record<ColourMap, string>> = {
  bone: "0:000000 93:515171 190:a6c6c6 255:ffffff",
  gray: "0:000000 255:ffffff",
  cividis: "0:00224e 17:002e6c 23:013271 28:123570 41:293f6e 75:4e566c 122:777777 156:979177 " +
    "201:c5b568 234:e9d34e 251:fde334 255:fee838",
  viridis: "0:440154 23:482173 50:414287 90:2e6d8e 139:1e9b8a 156:25ab82 174:3bbb75 199:6ece58 " +
    "237:d0e11c 246:e7e419 255:fde725",
  magma: "0:000004 6:02020d 29:19103f 48:36106b 62:4e117b 89:782281 122:ad347c 153:de4968 " +
    "174:f4675c 192:fc8961 218:feb97f 255:fcfdbf",
};

const ENTRIES = 256;
const OPAQUE = 255;

const tables = new Map<ColourMap, Uint8Array>();

/** Red, green, blue and alpha of each of the 256 entries. */
export function colourTable(name: ColourMap): Uint8Array {
  const table = tables.get(name) ?? drawTable(KNOTS[name]);
  tables.set(name, table);
  return table;
}

function drawTable(text: string): Uint8Array {
  const knots = text.split(" ").map((knot) => {
    const [at, colour] = knot.split(":") as [string, string];
    return { at: Number(at), rgb: [0, 2, 4].map((i) => parseInt(colour.slice(i, i + 2), 16)) };
  });
  const table = new Uint8Array(ENTRIES * 4).fill(OPAQUE);
  knots.slice(1).forEach((to, i) => {
    const from = knots[i]!;
    for (let at = from.at; at <= to.at; at++) {
      const part = (at - from.at) / (to.at - from.at);
      for (let c = 0; c < 3; c++) {
        table[at * 4 + c] = Math.round(from.rgb[c]! + part * (to.rgb[c]! - from.rgb[c]!));
      }
    }
  });
  return table;
}
