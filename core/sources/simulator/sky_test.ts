import assert from "node:assert/strict";
import { describe, it } from "@std/testing/bdd";
import { type Document, isDouble, toNumber } from "../../contract/document.ts";
import { CATALOG_NAMES, type CatalogName } from "./catalog_rows.ts";
import { simulate } from "./simulate.ts";
import { demoCatalogs, scatterCatalog } from "./sky.ts";

const NIGHT = new Date("2025-10-12T06:00:00Z");
const OPTIONS = { seed: 3, nightUtc: NIGHT, objects: 200 };

/** What the cross-match projects, of each collection. */
const FIELDS: Record<CatalogName, string> = {
  "2MASS_PSC": "j_m h_m k_m",
  "AllWISE": "w1mpro w1sigmpro w2mpro w2sigmpro w3mpro w3sigmpro w4mpro w4sigmpro ph_qual",
  "Gaia_DR2": "parallax parallax_error phot_g_mean_mag phot_bp_mean_mag phot_rp_mean_mag",
  "Gaia_EDR3": "parallax parallax_error phot_g_mean_mag phot_bp_mean_mag phot_rp_mean_mag",
  "Gaia_DR2_WD": "White_dwarf_name Pwd Pwd_correction SDSS_name Teff eTeff",
  "PS1_STRM": "objID class prob_Galaxy prob_Star prob_QSO z_phot z_phot_err",
  "galaxy_redshifts_20200522": "z l b",
  "GALEX": "name FUVmag e_FUVmag NUVmag e_NUVmag",
  "IGAPS_DR2": "name r rErr i iErr ha haErr U_RGO UErr",
  "LAMOST_DR5_v3": "mjd snru snrg snrr snri snrz objtype class subclass",
  "PS1_DR1": "gMeanPSFMag gMeanPSFMagErr rMeanPSFMag rMeanPSFMagErr iMeanPSFMag iMeanPSFMagErr " +
    "zMeanPSFMag zMeanPSFMagErr yMeanPSFMag yMeanPSFMagErr",
  "CLU_20190625": "name ra dec a b2a pa z sfr_fuv mstar sfr_ha",
  "NED_BetaV3": "ra dec objname objtype z z_unc z_tech z_qual DistMpc DistMpc_unc ebv m_Ks " +
    "m_Ks_unc tMASSphot Mstar Mstar_unc",
  "milliquas": "Name Descrip Qpct",
};

const catalogs = new Map(
  [...demoCatalogs(OPTIONS)].map(({ catalog, documents }) => [catalog, [...documents]]),
);
const alerts = [...simulate({ ...OPTIONS, alerts: 200, onePerObject: true })];

describe("demoCatalogs()", () => {
  it("gives the fourteen catalogs with the fields that the cross-match reads", () => {
    assert.deepEqual([...catalogs.keys()], CATALOG_NAMES);
    assert.equal(CATALOG_NAMES.length, 14);
    for (const [catalog, rows] of catalogs) {
      assert.ok(rows.length > 0, `${catalog} is empty`);
      const expected = ["_id", ...FIELDS[catalog].split(" "), "coordinates"];
      for (const row of rows) assert.deepEqual(Object.keys(row), expected);
      assert.equal(new Set(rows.map(({ _id }) => _id)).size, rows.length);
    }
    const total = [...catalogs.values()].reduce((sum, rows) => sum + rows.length, 0);
    assert.ok(total > 800 && total < 5000, String(total));
  });

  it("gives positions as the archive stores them, and ids of 64 bits whole", () => {
    for (const rows of catalogs.values()) {
      for (const { coordinates } of rows) {
        const { radec_geojson, radec_str } = coordinates as Document;
        const { type, coordinates: [lon, lat] } = radec_geojson as {
          type: string;
          coordinates: [unknown, unknown];
        };
        assert.equal(type, "Point");
        assert.ok(toNumber(lon) >= -180 && toNumber(lon) < 180 && Math.abs(toNumber(lat)) <= 90);
        assert.match((radec_str as string[])[0]!, /^\d\d:\d\d:\d\d\.\d{4}$/);
      }
    }
    assert.ok(catalogs.get("Gaia_EDR3")!.every(({ _id }) => (_id as bigint) > 2n ** 53n));
    assert.ok(catalogs.get("PS1_STRM")!.every(({ objID }) => typeof objID === "bigint"));
    // A double that happens to be whole is still a double.
    assert.ok(catalogs.get("Gaia_DR2_WD")!.every(({ Pwd_correction }) => isDouble(Pwd_correction)));
  });

  it("matches stars to Gaia, 2MASS and PS1, and nuclei to AllWISE and milliquas", () => {
    assert.ok(share("variable", "Gaia_EDR3") > 0.85);
    assert.ok(share("variable", "PS1_DR1") > 0.85);
    assert.ok(share("variable", "2MASS_PSC") > 0.5);
    assert.equal(share("variable", "milliquas"), 0);
    assert.ok(share("nucleus", "AllWISE") > 0.8);
    assert.ok(share("nucleus", "milliquas") > 0.8);
    assert.equal(share("nucleus", "Gaia_DR2_WD"), 0);
  });

  it("gives supernovae hosts with a distance, within 30 kpc", () => {
    const supernovae = alerts.filter(({ kind }) => kind === "supernova");
    assert.ok(supernovae.length > 10);
    for (
      const [catalog, limitArcsec] of [["CLU_20190625", zLimit], ["NED_BetaV3", mpcLimit]] as const
    ) {
      const hosted = supernovae.filter((alert) =>
        catalogs.get(catalog)!.some((row) => separationArcsec(alert, row) < limitArcsec(row))
      );
      assert.ok(hosted.length > 0.7 * supernovae.length, catalog);
    }
    for (const row of catalogs.get("NED_BetaV3")!) {
      const ratio = toNumber(row.DistMpc) / toNumber(row.z);
      assert.ok(Math.abs(ratio - 4282.7) < 1);
    }
  });

  it("has nothing where a mover or an artefact is", () => {
    for (const kind of ["mover", "artefact"]) {
      for (const catalog of CATALOG_NAMES) assert.equal(share(kind, catalog), 0, catalog);
    }
  });

  it("gives the same documents for the same options", () => {
    const again = [...demoCatalogs(OPTIONS)].map(({ documents }) => [...documents]);
    assert.deepEqual(again, [...catalogs.values()]);
  });
});

describe("scatterCatalog()", () => {
  const around = alerts.slice(0, 50);

  it("puts as many rows around each position, and some of them at a match", () => {
    const options = { catalog: "Gaia_EDR3", rows: 2000, around, seed: 1 } as const;
    const rows = [...scatterCatalog({ ...options, radiusDeg: 0.1 })];
    assert.equal(rows.length, 2000);
    assert.equal(new Set(rows.map(({ _id }) => _id)).size, 2000);
    const counts = around.map((position) =>
      rows.filter((row) => separationArcsec(position, row) < 360.1).length
    );
    // Neighbours' rows count for both.
    assert.ok(counts.every((count) => count >= 40));
    const matched = around.filter((position) =>
      rows.some((row) => separationArcsec(position, row) < 1.5)
    );
    assert.ok(matched.length > 20 && matched.length < 45, String(matched.length));
    assert.deepEqual([...scatterCatalog({ ...options, radiusDeg: 0.1 })], rows);
  });

  it("makes rows only as they are asked for", () => {
    const endless = scatterCatalog({ catalog: "PS1_DR1", rows: 1e12, around, seed: 1 });
    assert.equal([...endless.take(3)].length, 3);
  });

  it("stays on the sphere at its edges", () => {
    const edges = [{ raDeg: 0, decDeg: 89.99 }, { raDeg: 359.9999, decDeg: -89.99 }];
    const rows = [...scatterCatalog({ catalog: "AllWISE", rows: 500, around: edges, seed: 1 })];
    assert.equal(rows.length, 500);
  });

  it("refuses to scatter around nothing", () => {
    const options = { catalog: "AllWISE", rows: 1, around: [], seed: 1 } as const;
    assert.throws(() => [...scatterCatalog(options)], /there must be a position/);
  });
});

/** Of the alerts of a kind, those with a row within 2 arcsec (of galaxies: within the galaxy's radius). */
function share(kind: string, catalog: CatalogName): number {
  const limit = { "CLU_20190625": zLimit, "NED_BetaV3": mpcLimit }[catalog as string] ?? (() => 2);
  const all = alerts.filter((alert) => alert.kind === kind);
  const matched = all.filter((alert) =>
    catalogs.get(catalog)!.some((row) => separationArcsec(alert, row) < limit(row))
  );
  return matched.length / all.length;
}

function zLimit({ z }: Document): number {
  return toNumber(z) < 0.01 ? 300 : Math.min(300, 30 * 0.05 / toNumber(z));
}

function mpcLimit({ DistMpc }: Document): number {
  const mpc = toNumber(DistMpc);
  return mpc < 40 ? 300 : Math.min(300, Math.atan(30 / (1000 * mpc)) * 180 / Math.PI * 3600);
}

function separationArcsec(
  { raDeg, decDeg }: { raDeg: number; decDeg: number },
  { coordinates }: Document,
): number {
  const { radec_geojson } = coordinates as { radec_geojson: { coordinates: unknown[] } };
  const [lon, lat] = radec_geojson.coordinates.map(toNumber) as [number, number];
  const east = ((lon + 180 - raDeg + 540) % 360 - 180) * Math.cos(decDeg * Math.PI / 180);
  return Math.hypot(east, lat - decDeg) * 3600;
}
