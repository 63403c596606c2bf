/** Alerts as filters see them: real packets and simulated ones, with a past and cross-matches. */
import ztf from "../../catalogs/live/ztf.ts";
import { type Document, Double, ObjectId } from "../../core/contract/document.ts";
import { decodePacket } from "../../core/pipeline/decode.ts";
import { fakeAlerts } from "../fakes/packets.ts";
import { samplePackets } from "./samples.ts";

/** What an alert of each kind is matched with. */
const MATCHES: readonly Document[] = [
  {
    CLU_20190625: [
      { _id: 1, z: 0.012, coordinates: { distance_kpc: 12.5 } },
      { _id: 2, z: 0.031, coordinates: { distance_kpc: new Double(4) } },
    ],
    NED_BetaV3: [{ _id: 7, DistMpc: 120.5 }],
    AllWISE: [{ _id: 3, w1mpro: 14.25, w2mpro: new Double(13) }],
    Gaia_EDR3: [],
    milliquas: [],
  },
  {
    CLU_20190625: [],
    NED_BetaV3: [],
    AllWISE: [],
    Gaia_EDR3: [
      {
        _id: 4n,
        parallax: 2.5,
        parallax_error: 0.05,
        phot_bp_mean_mag: 18.1,
        phot_rp_mean_mag: 17,
      },
      { _id: 5n, parallax: null, phot_bp_mean_mag: 19.5 },
    ],
    milliquas: [{ _id: 6, Name: "QSO B0001", Qpct: 98 }],
  },
  {},
];

export interface StoredAlertsOptions {
  readonly simulated: number;
  /** Real packets too, where `SAMPLES_DIR` is set. */
  readonly real?: boolean;
}

/** As they are in the archive. */
export interface StoredAlert {
  readonly alert: Document;
  readonly aux: Document;
}

/** What filters see of them. */
export function filterInputs(options: StoredAlertsOptions): Document[] {
  return storedAlerts(options)
    .map(({ alert, aux }) => ztf.toFilterInput(alert, aux, [1, 2, 3]))
    .filter((input) => input !== null);
}

export function storedAlerts({ simulated, real = false }: StoredAlertsOptions): StoredAlert[] {
  const packets = [
    ...real ? samplePackets("ztf").values() : [],
    ...fakeAlerts({ alerts: simulated }).map(({ bytes }) => bytes),
  ];
  return packets.flatMap((bytes, i) =>
    [...decodePacket(bytes)].map((record) => {
      const { document, objectId, prvCandidates, fpHists } = ztf.toAlert(record);
      const classifications = i % 4 === 3 ? {} : {
        braai: (i % 10) / 10,
        braai_version: "d6_m9",
        acai_h: new Double(i % 2),
        acai_b: 0.25,
      };
      const { cutoutScience: _, cutoutTemplate: __, cutoutDifference: ___, ...kept } = document;
      return {
        alert: { _id: new ObjectId(i.toString(16).padStart(24, "0")), ...kept, classifications },
        aux: {
          _id: objectId,
          cross_matches: MATCHES[i % MATCHES.length],
          prv_candidates: prvCandidates,
          ...i % 3 !== 0 && { fp_hists: fpHists },
        },
      };
    })
  );
}
