/** Rows of the catalogs that ZTF's alerts are matched to, with the fields that the cross-match reads. */
import { coordinatesBlock, toGalactic } from "../../astro/coordinates.ts";
import { cellOf } from "../../astro/sky_cells.ts";
import { type Document, toDouble, toInteger } from "../../contract/document.ts";
import type { Random } from "./random.ts";

/** The catalogs of ZTF's cross-match, by the names of their collections, in its order. */
export const CATALOG_NAMES = [
  "2MASS_PSC",
  "AllWISE",
  "Gaia_DR2",
  "Gaia_EDR3",
  "Gaia_DR2_WD",
  "PS1_STRM",
  "galaxy_redshifts_20200522",
  "GALEX",
  "IGAPS_DR2",
  "LAMOST_DR5_v3",
  "PS1_DR1",
  "CLU_20190625",
  "NED_BetaV3",
  "milliquas",
] as const;
export type CatalogName = (typeof CATALOG_NAMES)[number];

/** What a catalog has a row of. */
export interface CatalogSource {
  readonly raDeg: number;
  readonly decDeg: number;
  readonly type: "star" | "galaxy" | "quasar";
  /** R magnitude. */
  readonly mag: number;
  /** Null for stars. */
  readonly redshift: number | null;
}

/** Numbers are doubles, bigints are integers of either width. */
type Fields = Record<string, number | bigint | string | null>;
type RowMaker = (source: CatalogSource, random: Random, number: number) => Fields;

/** Hubble's law with 70 km/s/Mpc: near enough for what is made up. */
const MPC_PER_REDSHIFT = 299_792.458 / 70;

const MAKERS: Readonly<Record<CatalogName, RowMaker>> = {
  "2MASS_PSC": ({ mag }, random) => ({
    j_m: mag - 1.2 + random.normal(0, 0.2),
    h_m: mag - 1.6 + random.normal(0, 0.2),
    k_m: mag - 1.7 + random.normal(0, 0.2),
  }),
  "AllWISE": ({ mag, type }, random) => {
    const red = type === "quasar" ? random.between(0.7, 1.3) : random.normal(0, 0.08);
    const w1 = mag - random.between(1.8, 3);
    return {
      w1mpro: w1,
      w1sigmpro: random.between(0.02, 0.06),
      w2mpro: w1 - red,
      w2sigmpro: random.between(0.02, 0.08),
      w3mpro: w1 - red - random.between(0, 2.5),
      w3sigmpro: random.between(0.1, 0.5),
      w4mpro: random.between(7, 9),
      // No error: an upper limit.
      w4sigmpro: random.chance(0.6) ? null : random.between(0.2, 0.5),
      ph_qual: random.pick(["AAAU", "AABU", "AABC", "AAUU"]),
    };
  },
  "Gaia_DR2": gaia,
  "Gaia_EDR3": gaia,
  "Gaia_DR2_WD": ({ raDeg, decDeg }, random) => ({
    White_dwarf_name: `WDJ${designation(raDeg, decDeg)}`,
    Pwd: 1 - 0.3 * random.next() ** 3,
    Pwd_correction: 0,
    SDSS_name: random.chance(0.5) ? `SDSSJ${designation(raDeg, decDeg)}` : "",
    Teff: random.between(6000, 30_000),
    eTeff: random.between(50, 900),
  }),
  "PS1_STRM": ({ type, redshift }, random, number) => {
    const sure = random.between(0.75, 0.999);
    const rest = (1 - sure) / 2;
    return {
      objID: BigInt(idOf("PS1_STRM", number)),
      class: { star: "STAR", galaxy: "GALAXY", quasar: "QSO" }[type],
      prob_Galaxy: type === "galaxy" ? sure : rest,
      prob_Star: type === "star" ? sure : rest,
      prob_QSO: type === "quasar" ? sure : rest,
      z_phot: redshift === null ? -999 : Math.max(0.001, redshift * random.normal(1, 0.05)),
      z_phot_err: redshift === null ? -999 : 0.02 + 0.05 * random.next(),
    };
  },
  "galaxy_redshifts_20200522": ({ redshift, raDeg, decDeg }, random) => ({
    z: redshift ?? random.between(0.01, 0.3),
    ...toGalactic(raDeg, decDeg),
  }),
  "GALEX": ({ mag, raDeg, decDeg }, random) => ({
    name: `GALEXJ${designation(raDeg, decDeg)}`,
    FUVmag: mag + random.between(1, 4),
    e_FUVmag: random.between(0.05, 0.4),
    NUVmag: mag + random.between(0.5, 3),
    e_NUVmag: random.between(0.03, 0.3),
  }),
  "IGAPS_DR2": ({ mag, raDeg, decDeg }, random) => ({
    name: `IGAPSJ${designation(raDeg, decDeg)}`,
    r: mag,
    rErr: random.between(0.001, 0.03),
    i: mag - random.between(0.2, 1),
    iErr: random.between(0.001, 0.03),
    ha: mag - random.between(0.1, 0.8),
    haErr: random.between(0.001, 0.03),
    U_RGO: mag + random.between(0.5, 3),
    UErr: random.between(0.005, 0.1),
  }),
  "LAMOST_DR5_v3": ({ type }, random) => ({
    mjd: BigInt(55_900 + random.int(2000)),
    snru: random.between(1, 40),
    snrg: random.between(10, 150),
    snrr: random.between(15, 200),
    snri: random.between(15, 220),
    snrz: random.between(10, 180),
    objtype: { star: "Star", galaxy: "Galaxy", quasar: "QSO" }[type],
    class: { star: "STAR", galaxy: "GALAXY", quasar: "QSO" }[type],
    subclass: type === "star" ? random.pick(["F5", "G2", "K3", "M1", "A7IV"]) : "Non",
  }),
  "PS1_DR1": ({ mag, type }, random) => {
    const colour = type === "star" ? random.between(0.2, 1.2) : random.between(0.3, 0.9);
    return Object.fromEntries(
      [["g", colour], ["r", 0], ["i", -0.4 * colour], ["z", -0.6 * colour], ["y", -0.7 * colour]]
        .flatMap(([band, offset]) => [
          [`${band}MeanPSFMag`, mag + (offset as number)],
          [`${band}MeanPSFMagErr`, random.between(0.002, 0.05)],
        ]),
    );
  },
  "CLU_20190625": ({ redshift, raDeg, decDeg }, random) => ({
    name: `CLUJ${designation(raDeg, decDeg)}`,
    ra: raDeg,
    dec: decDeg,
    a: random.between(0.1, 1.2),
    b2a: random.between(0.3, 1),
    pa: random.between(0, 180),
    z: redshift ?? random.between(0.01, 0.05),
    sfr_fuv: random.chance(0.2) ? null : random.between(0, 5),
    mstar: 10 ** random.between(8, 11),
    sfr_ha: random.between(0, 3),
  }),
  "NED_BetaV3": ({ redshift, raDeg, decDeg, mag }, random) => {
    const z = redshift ?? random.between(0.01, 0.05);
    return {
      ra: raDeg,
      dec: decDeg,
      objname: `WISEA J${designation(raDeg, decDeg)}`,
      objtype: "G",
      z,
      z_unc: random.between(0.00001, 0.0003),
      z_tech: random.pick(["SPEC", "PHOT", "SLS"]),
      z_qual: random.chance(0.8) ? "" : ":",
      DistMpc: z * MPC_PER_REDSHIFT,
      DistMpc_unc: z * MPC_PER_REDSHIFT * random.between(0.05, 0.2),
      ebv: random.between(0.01, 0.3),
      m_Ks: mag - 2.5,
      m_Ks_unc: random.between(0.02, 0.2),
      tMASSphot: random.chance(0.5) ? "XSC" : "PSC",
      Mstar: 10 ** random.between(8, 11),
      Mstar_unc: 10 ** random.between(7, 9.5),
    };
  },
  "milliquas": ({ raDeg, decDeg }, random) => ({
    Name: `SDSS J${designation(raDeg, decDeg)}`,
    Descrip: random.pick(["Q", "QR", "A", "AX", "QRX"]),
    Qpct: BigInt(90 + random.int(11)),
  }),
};

/** One document of a catalog. `number` tells it from the catalog's other rows. */
export function catalogRow(
  catalog: CatalogName,
  source: CatalogSource,
  random: Random,
  number: number,
): Document {
  const { radec_geojson, radec_str } = coordinatesBlock(source.raDeg, source.decDeg);
  const row: Document = { _id: idOf(catalog, number) };
  for (const [name, value] of Object.entries(MAKERS[catalog](source, random, number))) {
    if (typeof value === "number") row[name] = toDouble(value);
    else row[name] = typeof value === "bigint" ? toInteger(value) : value;
  }
  row.coordinates = { radec_geojson, radec_str, cell: BigInt(cellOf(source)) };
  return row;
}

/** Ids of 64 bits where the catalog has such. */
function idOf(catalog: CatalogName, number: number): number | bigint {
  if (catalog.startsWith("Gaia")) return 1_160_000_000_000_000_000n + 8_388_608n * BigInt(number);
  if (catalog.startsWith("PS1")) return 120_000_000_000_000_000n + BigInt(number);
  return catalog === "AllWISE" ? 1_300_000_000_351_000_000n + BigInt(number) : number + 1;
}

/** `185.72941+15.82430`. */
function designation(raDeg: number, decDeg: number): string {
  return `${raDeg.toFixed(5).padStart(9, "0")}${decDeg < 0 ? "-" : "+"}${
    Math.abs(decDeg).toFixed(5).padStart(8, "0")
  }`;
}

function gaia({ mag, type }: CatalogSource, random: Random): Fields {
  return {
    parallax: type === "star" ? 10 ** random.between(-1, 0.8) : random.normal(0, 0.2),
    parallax_error: random.between(0.02, 0.4),
    phot_g_mean_mag: mag + 0.1,
    phot_bp_mean_mag: mag + random.between(0.2, 0.8),
    phot_rp_mean_mag: mag - random.between(0.2, 0.8),
  };
}
