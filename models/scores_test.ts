// The published networks give the scores that their authors' own software gives, from packet to score.
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import ztf from "../catalogs/live/ztf.ts";
import { readSettings } from "../core/base/read_settings.ts";
import { toNumber } from "../core/contract/document.ts";
import { decodePacket } from "../core/pipeline/decode.ts";
import { walkObjects } from "../core/pipeline/objects.ts";
import { scoreSteps } from "../core/pipeline/score.ts";
import { noSamples, samplePackets, SAMPLES_DIR } from "../tests/support/samples.ts";
import { openScorer } from "../workers/onnx.ts";
import { type ModelEntries, toManifest } from "./manifest.ts";
import { type PreparedModel, prepareModels } from "./prepare.ts";

/** As evaluated in double precision from the published weights: the archive new, so a packet's past is all there is. */
const SCORES = `
  candid              braai    acai_h   acai_v   acai_o   acai_n   acai_b   bts
  1105522281015015000 0.999994 0.976118 0.001528 0.000168 0.000245 0.014877 1.000000
  1127107111615015007 0.987718 0.141651 0.002698 0.000000 0.941903 0.000059 0.134985
  1127174604415015005 0.999979 0.000001 0.995158 0.000000 0.000182 0.000019 0.000001
  1127495406315015005 1.000000 0.999283 0.000702 0.000000 0.000356 0.000133 0.999685
  1127536316315015004 1.000000 0.998967 0.000650 0.000000 0.000535 0.000103 0.999690
  1127561440015015001 0.999909 0.992183 0.002554 0.000000 0.046973 0.000046 0.011075
  1127561441415015002 0.999893 0.999370 0.000542 0.000000 0.011467 0.000015 0.033159
  1127561442115015003 0.999471 0.214277 0.000814 0.278365 0.000880 0.006129 0.273031
  1127561442515015001 0.999946 0.997619 0.001217 0.000000 0.004669 0.000052 0.990101
  1127561443215015014 1.000000 0.958010 0.024202 0.000000 0.078980 0.000015 0.021104
  1127561444715015009 0.999712 0.998782 0.000185 0.000000 0.000370 0.000040 0.103029
  1127561445515015011 1.000000 0.997725 0.000242 0.000000 0.017845 0.000026 0.082796
  2475433850015010009 0.953600 0.000000 0.999179 0.000000 0.000027 0.000019 0.000000
  2475433850015015001 0.981582 0.000034 0.000001 0.071161 0.000001 0.889989 0.295728
  2475433850015015022 0.669248 0.000200 0.989296 0.000000 0.000249 0.000345 0.000000
  2475433850215010007 0.852519 0.000030 0.970506 0.000000 0.000009 0.001128 0.000000
  2475433850215015019 0.998941 0.008590 0.000043 0.975344 0.000001 0.003820 0.346360
  2475433850315015003 0.991906 0.017689 0.000002 0.982809 0.000000 0.001742 1.000000
  2475433850315015008 0.998320 0.018870 0.000162 0.987423 0.000000 0.002111 1.000000
  2475433850315015010 0.991476 0.002646 0.000017 0.971114 0.000000 0.001561 0.029057
  2475433850315015013 0.671862 0.000023 0.046559 0.036089 0.000061 0.569885 0.000003
  2475433850415015004 0.952750 0.001421 0.000008 0.976116 0.000000 0.005733 0.228221
  2475433850415015006 0.558100 0.000001 0.761385 0.000000 0.001400 0.036392 0.000000
  2475433850415015012 0.995147 0.000319 0.000010 0.987409 0.000073 0.000128 0.914622
`;
/** What float32 may differ from that. */
const TOLERANCE = 1e-4;

const [NAMES, ...ROWS] = SCORES.trim().split("\n").map((line) => line.trim().split(/\s+/));

describe("the published networks", { skip: noSamples }, () => {
  let cacheDir = "";
  let ready: PreparedModel[] = [];

  beforeAll(async () => {
    cacheDir = await Deno.makeTempDir();
    const { ml } = await readSettings({ env: {} });
    const manifests = Object.entries(ml.ZTF!.models as ModelEntries)
      .map(([name, settings]) => toManifest(name, settings));
    const prepared = await prepareModels(manifests, {
      modelsDir: `${SAMPLES_DIR}/models`,
      cacheDir,
    });
    assertEquals(prepared.failures, []);
    ready = prepared.ready;
  });
  afterAll(() => Deno.remove(cacheDir, { recursive: true }));

  it("give each packet its scores", async () => {
    const packets = samplePackets("ztf");
    // A packet each, as it came alone: two of them are of one object.
    const steps = ROWS.flatMap(([candid]) => {
      const alerts = decodePacket(packets.get(candid!)!).map(ztf.toAlert);
      return walkObjects(alerts, { aux: new Map(), candidates: new Map() }).steps;
    });
    await using scorer = await openScorer(ready);
    const { classifications, failures } = await scoreSteps(ztf, scorer, steps);
    assertEquals(failures, {});
    const wrong = ROWS.flatMap(([candid, ...expected], i) =>
      NAMES!.slice(1).flatMap((name, n) => {
        const score = toNumber(classifications[i]![name]);
        const isRight = Math.abs(score - Number(expected[n])) <= TOLERANCE;
        return isRight ? [] : [`${name} of ${candid}: ${score}, not ${expected[n]}`];
      })
    );
    assertEquals(wrong, []);
  });

  it("run as few graphs: networks of one architecture share theirs", () => {
    const graphs = ready.map(({ manifests }) => manifests.map(({ name }) => name));
    assertEquals(graphs, [["braai"], ["acai_h", "acai_v", "acai_o", "acai_n", "acai_b"], ["bts"]]);
  });
});
