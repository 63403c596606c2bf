/**
 * Reads a HEALPix map of a FITS file: a multi-order table (UNIQ, PROBDENSITY), or one value for each
 * pixel (PROB or PROBABILITY, in rings or nested). Only these columns are kept of it.
 */
import { fromUniq, orderOf, pixelCount } from "../astro/healpix.ts";
import { QueryError } from "../contract/query.ts";
import { ByteReader, BytesError } from "./byte_reader.ts";
import { occulted } from "./occultation.ts";
import { flatReader, type SkyMap, toSkyMap } from "./sky_map.ts";

/** An all-sky map of four doubles a pixel at nside 1024 has 403 MB. */
const FILE_BYTES_MAX = 512 * 1024 * 1024;
const BLOCK_BYTES = 2880;
const CARD_BYTES = 80;
const HEADER_BLOCKS_MAX = 100;
const TABLES_MAX = 20;
/** Rows that are read at once. */
const READ_BYTES = 1024 * 1024;
const ROW_BYTES_MAX = 4 * 1024 * 1024;
/** As many as a whole sky at nside 512 has. */
const CELLS_MAX = pixelCount(9);
const FLAT_ORDER_MAX = 11;
/** The Earth as a satellite in low orbit sees it. */
const EARTH_RADIUS_DEG = 67.5;

type Cards = ReadonlyMap<string, string>;

/** Throws `QueryError` for whatever isn't such a map. */
export async function readFitsMap(file: Uint8Array<ArrayBuffer>): Promise<SkyMap> {
  try {
    return await readTables(new ByteReader(file, FILE_BYTES_MAX));
  } catch (error) {
    if (!(error instanceof BytesError)) throw error;
    throw new QueryError(`Cannot read the FITS map: ${error.message}`, { cause: error });
  }
}

async function readTables(bytes: ByteReader): Promise<SkyMap> {
  for (let table = 0; table < TABLES_MAX; table++) {
    const cards = await readHeader(bytes);
    if (cards === undefined) break;
    const columns = cards.get("XTENSION") === "BINTABLE" ? columnsOf(cards) : undefined;
    const uniq = columns?.get("UNIQ");
    const density = columns?.get("PROBDENSITY");
    const flat = columns?.get("PROB") ?? columns?.get("PROBABILITY") ?? density;
    if (flat === undefined) {
      await bytes.skip(dataBytes(cards));
      continue;
    }
    if (["G", "E"].includes((cards.get("COORDSYS") ?? "C").charAt(0).toUpperCase())) {
      throw new QueryError("Cannot read the FITS map as COORDSYS must be equatorial");
    }
    const map = uniq !== undefined && density !== undefined
      ? await readCells(bytes, cards, uniq, density)
      : await readFlat(bytes, cards, flat);
    const [raDeg, decDeg] = [number(cards, "GEO_RA"), number(cards, "GEO_DEC")];
    if (raDeg === undefined || decDeg === undefined) return map;
    return occulted(map, { raDeg, decDeg }, number(cards, "GEO_RAD") ?? EARTH_RADIUS_DEG);
  }
  throw new QueryError(
    "Cannot read the FITS map as it must have a table with UNIQ and PROBDENSITY, or PROB",
  );
}

async function readCells(
  bytes: ByteReader,
  cards: Cards,
  uniq: Column,
  density: Column,
): Promise<SkyMap> {
  const rows = within("NAXIS2", number(cards, "NAXIS2"), 1, CELLS_MAX);
  const orders = new Uint8Array(rows);
  const ipix = new Float64Array(rows);
  const densities = new Float64Array(rows);
  await eachRow(bytes, cards, (view, at, row) => {
    const cell = fromUniq(uniq.read(view, at + uniq.offset));
    if (cell === undefined) {
      throw new QueryError(`Cannot read the FITS map as UNIQ of row ${row} is no pixel's`);
    }
    [orders[row], ipix[row]] = [cell.order, cell.ipix];
    densities[row] = density.read(view, at + density.offset);
  });
  return toSkyMap({ orders, ipix }, densities);
}

async function readFlat(bytes: ByteReader, cards: Cards, column: Column): Promise<SkyMap> {
  const pixels = (number(cards, "NAXIS2") ?? 0) * column.repeat;
  const order = orderOf(number(cards, "NSIDE") ?? Math.sqrt(pixels / 12));
  const ordering = cards.get("ORDERING")?.toUpperCase();
  if (order === undefined || order > FLAT_ORDER_MAX || pixels !== pixelCount(order)) {
    throw new QueryError(
      `Cannot read the FITS map as it must have all pixels of an nside up to ${
        2 ** FLAT_ORDER_MAX
      }: current value is ${pixels} pixels`,
    );
  }
  if (ordering !== "RING" && ordering !== "NESTED" && ordering !== "NEST") {
    throw new QueryError("Cannot read the FITS map as ORDERING must be RING or NESTED");
  }
  const reader = flatReader(order, ordering === "RING");
  await eachRow(bytes, cards, (view, at, row) => {
    for (let i = 0; i < column.repeat; i++) {
      const value = column.read(view, at + column.offset + i * column.bytes);
      reader.add(row * column.repeat + i, value);
    }
  });
  return reader.map();
}

async function eachRow(
  bytes: ByteReader,
  cards: Cards,
  take: (view: DataView, at: number, row: number) => void,
): Promise<void> {
  const rowBytes = within("NAXIS1", number(cards, "NAXIS1"), 1, ROW_BYTES_MAX);
  const rows = number(cards, "NAXIS2") ?? 0;
  const together = Math.max(1, Math.floor(READ_BYTES / rowBytes));
  for (let row = 0; row < rows; row += together) {
    const count = Math.min(together, rows - row);
    const read = await bytes.read(count * rowBytes);
    if (read === undefined) throw new BytesError("the file ends before its table");
    const view = new DataView(read.buffer, read.byteOffset, read.byteLength);
    for (let i = 0; i < count; i++) take(view, i * rowBytes, row + i);
  }
}

interface Column {
  readonly offset: number;
  /** Values in a row, and the size of one. */
  readonly repeat: number;
  readonly bytes: number;
  read(view: DataView, at: number): number;
}

/** Sizes and readers by the letter of TFORM (FITS 4.0, table 18); text and the like can't be read. */
const FORMATS: Readonly<Record<string, [number, ((view: DataView, at: number) => number)?]>> = {
  L: [1],
  X: [1 / 8],
  A: [1],
  B: [1, (view, at) => view.getUint8(at)],
  I: [2, (view, at) => view.getInt16(at)],
  J: [4, (view, at) => view.getInt32(at)],
  K: [8, (view, at) => Number(view.getBigInt64(at))],
  E: [4, (view, at) => view.getFloat32(at)],
  D: [8, (view, at) => view.getFloat64(at)],
  C: [8],
  M: [16],
  P: [8],
  Q: [16],
};

/** By their names in capitals. */
function columnsOf(cards: Cards): Map<string, Column> {
  const columns = new Map<string, Column>();
  const fields = within("TFIELDS", number(cards, "TFIELDS"), 0, 999);
  let offset = 0;
  for (let field = 1; field <= fields; field++) {
    const [, count = "", letter = ""] =
      /^(\d{0,7})([A-Z])/.exec(cards.get(`TFORM${field}`) ?? "") ??
        [];
    const [bytes, read] = FORMATS[letter] ?? [];
    if (bytes === undefined) {
      throw new QueryError(`Cannot read the FITS map as TFORM${field} is no format of a column`);
    }
    const repeat = count === "" ? 1 : Number(count);
    const name = cards.get(`TTYPE${field}`)?.toUpperCase();
    const isScaled = cards.has(`TSCAL${field}`) || cards.has(`TZERO${field}`);
    if (name !== undefined && read !== undefined && !isScaled) {
      columns.set(name, { offset, repeat, bytes, read });
    }
    offset += Math.ceil(bytes * repeat);
  }
  const rowBytes = number(cards, "NAXIS1");
  if (offset !== rowBytes) {
    throw new QueryError(
      `Cannot read the FITS map as its columns have ${offset} bytes, and a row ${rowBytes}`,
    );
  }
  return columns;
}

function dataBytes(cards: Cards): number {
  const axes = within("NAXIS", number(cards, "NAXIS"), 0, 999);
  let values = axes === 0 ? 0 : 1;
  for (let axis = 1; axis <= axes; axis++) {
    values *= within(`NAXIS${axis}`, number(cards, `NAXIS${axis}`), 0, FILE_BYTES_MAX);
  }
  const groups = number(cards, "GCOUNT") ?? 1;
  const bytes = Math.abs(number(cards, "BITPIX") ?? 8) / 8 * groups *
    ((number(cards, "PCOUNT") ?? 0) + values);
  return Math.ceil(within("the data", bytes, 0, FILE_BYTES_MAX) / BLOCK_BYTES) * BLOCK_BYTES;
}

/** Undefined at the end of the file. */
async function readHeader(bytes: ByteReader): Promise<Cards | undefined> {
  const cards = new Map<string, string>();
  for (let block = 0; block < HEADER_BLOCKS_MAX; block++) {
    const text = latin1(await bytes.read(BLOCK_BYTES));
    if (text === undefined && block === 0) return undefined;
    if (text === undefined) throw new BytesError("the file ends within a header");
    for (let at = 0; at < BLOCK_BYTES; at += CARD_BYTES) {
      const card = text.slice(at, at + CARD_BYTES);
      const key = card.slice(0, 8).trimEnd();
      if (key === "END") return cards;
      if (card.slice(8, 10) === "= ") cards.set(key, valueOf(card.slice(10)));
    }
  }
  throw new BytesError(`a header must have <= ${HEADER_BLOCKS_MAX} blocks and an END`);
}

function valueOf(text: string): string {
  const [, quoted] = /^\s*'((?:[^']|'')*)'/.exec(text) ?? [];
  return quoted === undefined ? text.split("/")[0]!.trim() : quoted.replaceAll("''", "'").trimEnd();
}

function number(cards: Cards, key: string): number | undefined {
  const text = cards.get(key);
  const value = Number(text);
  return text === undefined || text === "" || !Number.isFinite(value) ? undefined : value;
}

function within(name: string, value: number | undefined, min: number, max: number): number {
  if (value !== undefined && value >= min && value <= max) return value;
  throw new QueryError(
    `Cannot read the FITS map as ${name} must be in [${min}, ${max}]: current value is ${value}`,
  );
}

const decoder = new TextDecoder("latin1");

function latin1(bytes: Uint8Array | undefined): string | undefined {
  return bytes && decoder.decode(bytes);
}
