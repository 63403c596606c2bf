/** Holds every sample packet at hand to what is known of it, from its position to its rows of photometry. */
import { describe, it } from "@std/testing/bdd";
import { assertAlmostEquals, assertEquals } from "@std/assert";
import { type Document, toNumber } from "../contract/document.ts";
import { noSamples, samplePackets } from "../../tests/support/samples.ts";
import { decodePacket } from "./decode.ts";
import { readStamp } from "./fits.ts";
import { cleanFpHists } from "./light_curve.ts";
import { type FilterOf, forcedRows, lightCurveRows } from "./photometry.ts";

/**
 * A line for each packet: file, object, ra and dec (deg), magpsf, drb, entries of `prv_candidates`
 * and how many are detections, entries of `fp_hists`, sizes of the three gzipped cutouts (bytes),
 * their NaN pixels, rows of the light curve and how many have a flux, the same of forced photometry.
 */
const INVENTORY: Readonly<Record<string, string>> = {
  ztf: `
    1105522281015015000 ZTF20aaelulu 185.7288484 15.8236168 14.9162 1.0000 12/2 - 13381/13750/14886 0/0/0 13/3 -
    1127107111615015007 ZTF19abzrhgq 71.6577756 -10.2263957 19.1707 0.9986 15/11 - 13400/13065/14907 0/0/0 16/12 -
    1127174604415015005 ZTF17aaaaaas 68.5782090 49.0871395 19.2481 1.0000 36/18 - 13186/12468/14892 0/0/0 37/19 -
    1127495406315015005 ZTF20aajcdad 201.6235643 36.0086571 17.5466 1.0000 15/3 - 13945/13847/14863 0/0/0 16/4 -
    1127536316315015004 ZTF20aajcdad 201.6235627 36.0086524 17.5058 1.0000 16/4 - 13427/13351/14886 0/0/0 17/5 -
    1127561440015015001 ZTF20aahgyet 212.7867456 59.8409095 19.9585 1.0000 65/45 - 12923/12106/14883 0/0/0 66/46 -
    1127561441415015002 ZTF20aafcnby 200.0761232 58.9247957 19.2049 0.9998 67/55 - 13106/12420/14913 0/0/0 68/56 -
    1127561442115015003 ZTF20aalseuk 207.8402872 61.8610302 20.1272 0.9995 31/0 - 13002/12384/14892 0/0/0 32/1 -
    1127561442515015001 ZTF20aafsnpp 204.3368860 61.9860006 18.2206 0.9999 31/27 - 13158/12647/14904 0/0/0 32/28 -
    1127561443215015014 ZTF20aadyyvk 214.7245537 63.1625402 19.0595 1.0000 66/61 - 13056/12338/14901 0/0/0 67/62 -
    1127561444715015009 ZTF20aakyoez 200.8709614 62.4461779 19.4394 1.0000 67/16 - 13242/12861/14910 0/0/0 68/17 -
    1127561445515015011 ZTF20aajcbhr 210.1037407 64.2197152 19.2436 1.0000 31/20 - 12992/12379/14884 0/0/0 32/21 -
    2475433850015010009 ZTF17aadcvhq 46.9973747 9.3679347 17.8557 0.9932 20/4 21 13361/12688/14900 0/0/0 21/5 7/6
    2475433850015015001 ZTF23abjjnqm 46.9971262 9.6634871 19.3157 0.9999 20/0 21 13378/12735/14878 0/0/0 21/1 7/0
    2475433850015015022 ZTF17aacymkf 46.9904845 9.2927585 19.2147 0.9921 20/17 21 13333/12616/14898 0/0/0 21/18 7/7
    2475433850215010007 ZTF17aadhsbk 46.0389999 8.0523476 18.6345 0.9907 41/3 20 13294/12646/14793 33/33/33 42/4 15/14
    2475433850215015019 ZTF23abjjnqp 45.7483980 8.0631983 18.8895 1.0000 41/0 20 13329/12675/14888 0/0/0 42/1 15/0
    2475433850315015003 ZTF23abjjncy 46.6054123 8.7166359 17.7601 0.9998 20/0 21 13282/12450/14876 0/0/0 21/1 6/0
    2475433850315015008 ZTF23abjjncz 47.1543554 8.0495331 17.9061 0.9999 64/0 21 13291/12484/14896 0/0/0 65/1 15/0
    2475433850315015010 ZTF23abjjndc 47.3281792 8.1040764 19.6691 0.9985 43/0 21 13237/12476/14882 0/0/0 44/1 13/0
    2475433850315015013 ZTF19abtktkd 47.2501929 8.1120991 19.5241 0.2327 64/0 21 13355/12696/14904 0/0/0 65/1 13/10
    2475433850415015004 ZTF23abjjnhn 45.0209618 9.5753319 19.4088 0.9942 20/0 9 13287/12582/14898 0/0/0 21/1 9/0
    2475433850415015006 ZTF18acgbhmc 45.4719494 9.4926959 18.0748 0.9629 20/4 9 13108/12489/14475 152/152/152 21/5 9/9
    2475433850415015012 ZTF23abjjnhj 44.9155781 9.3801671 17.7218 0.9999 20/0 9 13331/12599/14896 0/0/0 21/1 9/0
  `,
  pgir: `
    114297926 PGIR19aacbvv 285.8821855 10.3545798 10.1760 1.0000 71/70 - 14115/14128/14189 0/0/0 71/70 -
    114310898 PGIR19aahuei 280.5864365 -5.9194179 8.2680 1.0000 60/56 - 14120/14092/14155 0/0/0 61/57 -
    114323570 PGIR21aeiljk 284.3791415 16.8940846 10.6240 0.9856 93/35 - 14174/14114/14152 0/0/0 93/35 -
    114351418 PGIR19aadghm 286.2156875 2.9038485 7.9600 1.0000 68/46 - 14136/14116/8696 0/0/0 69/47 -
    114408640 PGIR21aeiljn 284.4703068 -7.6710968 9.3590 0.0392 60/7 - 14150/14168/14252 0/0/0 61/8 -
    114449485 PGIR21adzgse 314.3234059 40.1768642 12.1720 0.3396 73/16 - 11902/11877/7330 0/0/0 73/16 -
    114499351 PGIR21admzdj 296.9995480 35.8615478 10.8720 0.0003 69/23 - 14217/14196/14287 0/0/0 69/23 -
    114542043 PGIR19acnqdr 219.5053337 79.8403025 12.1190 0.0017 24/10 - 14090/14046/7221 0/0/0 25/11 -
    114564569 PGIR20afehsg 58.8807476 57.6600600 11.6010 0.7622 15/1 - 14188/14088/9079 0/0/0 15/1 -
  `,
  wntr: `
    3608694 WNTR24awati 262.5751032 7.2639418 13.3511 - 1/1 - 11519/11311/23133 3611/3611/3611 1/1 -
    3608704 WNTR24awatr 262.7140249 7.2590324 16.9825 - 1/1 - 13752/13794/22553 2976/2976/3696 1/1 -
    3608741 WNTR24awaut 262.5670897 7.2180930 14.3649 - 1/1 - 24795/24694/50423 22/22/22 1/1 -
    3608756 WNTR24auhax 262.6970854 7.2364987 16.8827 - 1/1 - 24055/24112/48584 176/176/278 1/1 -
    3608871 WNTR24auhck 262.3263013 7.1581687 15.9973 - 2/2 - 24677/24670/50557 0/0/0 1/1 -
    3608898 WNTR24awavn 262.3287122 7.1536122 16.3488 - 1/1 - 24689/24742/50556 0/0/0 1/1 -
  `,
  turbo: `
    1 None.20 35.6480600 13.8602800 1.0000 - - - 5558/13086/15013 0/0/0 0/0 -
    3 None.29 35.9470700 12.4527330 1.0000 - - - 5588/13098/15034 0/0/0 0/0 -
    5 None.22 35.5621870 14.4809600 1.0000 - - - 5596/13126/14965 0/0/0 0/0 -
    7 None.27 35.8266500 13.1127260 1.0000 - - - 5565/13119/15113 0/0/0 0/0 -
    9 None.2 35.4328600 12.7494790 1.0000 - - - 5530/204/15054 0/0/0 0/0 -
    11 None.21 35.8731730 12.2809420 1.0000 - - - 5563/13080/15003 0/0/0 0/0 -
  `,
};

const ZTF_FILTERS: Readonly<Record<number, string>> = { 1: "ztfg", 2: "ztfr", 3: "ztfi" };
const WNTR_FILTERS: Readonly<Record<number, string>> = { 1: "ps1::y", 2: "2massj", 3: "2massh" };
const FILTER_OF: Readonly<Record<string, FilterOf>> = {
  ztf: ({ fid }) => ZTF_FILTERS[toNumber(fid)]!,
  pgir: () => "cspjs",
  wntr: ({ fid }) => WNTR_FILTERS[toNumber(fid)] ?? null,
  turbo: ({ fid }) => String(fid),
};

for (const [survey, lines] of Object.entries(INVENTORY)) {
  describe(`samples of ${survey}`, () => {
    for (const line of lines.trim().split("\n")) {
      const [file, objectId, ra, dec, mag, drb, prv, forced, sizes, nans, rows, forcedCounts] = line
        .trim().split(" ") as [string, ...string[]];

      it(`${file} is as it is known`, { skip: noSamples }, () => {
        const [record] = decodePacket(samplePackets(survey).get(file)!);
        const candidate = record!.candidate as Document;
        assertEquals(record!.objectId ?? record!.objectid, objectId);
        assertAlmostEquals(toNumber(candidate.ra), Number(ra), 6e-8);
        assertAlmostEquals(toNumber(candidate.dec), Number(dec), 6e-8);
        assertAlmostEquals(toNumber(candidate.magpsf), Number(mag), 6e-5);
        if (drb !== "-") assertAlmostEquals(toNumber(candidate.drb), Number(drb), 6e-5);

        const past = (record!.prv_candidates ?? null) as Document[] | null;
        const detections = past?.filter(({ magpsf }) => magpsf !== null).length;
        assertEquals(past ? `${past.length}/${detections}` : "-", prv);
        const fpHists = record!.fp_hists as Document[] | undefined;
        assertEquals(String(fpHists?.length ?? "-"), forced);

        const cutouts = ["Science", "Template", "Difference"].map((kind) =>
          record![`cutout${kind}`] ?? record![`cutout_${kind.toLowerCase()}`]
        ).map((cutout) => ((cutout as Document).stampData ?? cutout) as Uint8Array);
        assertEquals(cutouts.map(({ length }) => length).join("/"), sizes);
        const countNaN = (cutout: Uint8Array) =>
          readStamp(cutout).pixels.filter(Number.isNaN).length;
        assertEquals(cutouts.map(countNaN).join("/"), nans);

        const filterOf = FILTER_OF[survey]!;
        assertEquals(counted(lightCurveRows(candidate, past ?? [], filterOf)), rows);
        const clean = fpHists && cleanFpHists(fpHists, candidate);
        assertEquals(clean ? counted(forcedRows(clean, filterOf)) : "-", forcedCounts);
      });
    }
  });
}

function counted(rows: readonly { flux: number | null }[]): string {
  return `${rows.length}/${rows.filter(({ flux }) => flux !== null).length}`;
}
