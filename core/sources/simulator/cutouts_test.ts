import assert from "node:assert/strict";
import { gunzipSync } from "node:zlib";
import { describe, it } from "@std/testing/bdd";
import { drawCutouts, randomScene, type Scene } from "./cutouts.ts";
import { CUTOUT_SIZE, FitsWriter } from "./fits.ts";
import { Random } from "./random.ts";
import { ARTEFACTS, KINDS } from "./sky_object.ts";

const scene: Scene = {
  fluxDn: 3000,
  artefact: null,
  sources: [{ dxPx: 6, dyPx: -4, fluxDn: 9000, sizePx: 1.5, axisRatio: 0.6, angleRad: 1 }],
  gain: 1.1,
  fwhmPx: 2.2,
  referenceFwhmPx: 2,
  skyDn: 200,
  referenceSkyDn: 150,
  noiseDn: 5,
  referenceNoiseDn: 1.5,
  missing: null,
};
const MIDDLE = 31 * CUTOUT_SIZE + 31;

describe("drawCutouts()", () => {
  it("draws the same for the same random numbers", () => {
    assert.deepEqual(
      drawCutouts(new Random(1), scene),
      drawCutouts(new Random(1), scene),
    );
    assert.notDeepEqual(drawCutouts(new Random(1), scene), drawCutouts(new Random(2), scene));
  });

  it("puts what changed in the middle of science and difference, and not of the template", () => {
    const { science, template, difference } = drawCutouts(new Random(3), scene);
    const [x, y] = brightest(difference);
    assert.deepEqual([x, y], [31, 31]);
    // All of its flux, but for the noise of 81 pixels.
    assert.ok(Math.abs(sumAround(difference, 31, 31) - 3000) < 5 * 5 * 9);
    assert.ok(science[MIDDLE]! > 400 && template[MIDDLE]! < 200);
    assert.deepEqual(brightest(template), [37, 27]);
  });

  it("draws the same template from the same generator, whatever the exposure was like", () => {
    const template = (random: Random, more: Partial<Scene>) =>
      drawCutouts(random, { ...scene, ...more }, new Random("reference")).template;
    const exposure = { fluxDn: -900, gain: 0.9, fwhmPx: 3, skyDn: 90, noiseDn: 8 };
    assert.deepEqual(template(new Random(1), {}), template(new Random(2), exposure));
  });

  it("draws what got fainter as a hole in the difference", () => {
    const { difference } = drawCutouts(new Random(3), { ...scene, fluxDn: -3000 });
    assert.ok(difference[MIDDLE]! < -300);
  });

  it("leaves the columns out that miss", () => {
    for (
      const [template, expected] of [["nan", NaN], ["lowest", -3.4028234663852886e38]] as const
    ) {
      const images = drawCutouts(new Random(1), { ...scene, missing: { columns: 7, template } });
      for (let y = 0; y < CUTOUT_SIZE; y++) {
        for (const x of [0, 6]) {
          assert.ok(Number.isNaN(images.science[y * CUTOUT_SIZE + x]));
          assert.ok(Number.isNaN(images.difference[y * CUTOUT_SIZE + x]));
          assert.equal(images.template[y * CUTOUT_SIZE + x], expected);
        }
        assert.ok(Number.isFinite(images.science[y * CUTOUT_SIZE + 7]));
      }
    }
  });

  it("draws each kind of artefact so that it stands out, and looks unlike a star", () => {
    for (const artefact of ARTEFACTS) {
      const { difference } = drawCutouts(new Random(5), { ...scene, artefact });
      const star = drawCutouts(new Random(5), scene).difference;
      assert.ok(Math.max(...difference.map(Math.abs)) > 40, artefact);
      assert.notDeepEqual(difference, star);
    }
  });

  it("draws any random scene with finite pixels but for those that miss", () => {
    for (const kind of KINDS) {
      for (let n = 0; n < 40; n++) {
        const random = new Random(kind, n);
        const drawn = randomScene(random, kind);
        assert.equal(drawn.artefact !== null, kind === "artefact");
        const images = drawCutouts(random, { ...drawn, missing: null });
        for (const image of Object.values(images)) {
          assert.equal(image.length, CUTOUT_SIZE ** 2);
          assert.ok(image.every(Number.isFinite));
        }
      }
    }
  });
});

describe("FitsWriter", () => {
  it("writes a gzipped FITS file of one header block and big-endian floats", () => {
    const image = Float32Array.from({ length: CUTOUT_SIZE ** 2 }, (_, at) => at - 1.5);
    image[7] = NaN;
    const file = gunzipSync(new FitsWriter().gzipped(image));
    assert.equal(file.length, 20_160);
    const header = file.subarray(0, 2880).toString("latin1").match(/.{80}/g)!;
    assert.equal(header.length, 36);
    assert.deepEqual(
      header.map((card) => card.trimEnd()).filter((card) => card !== ""),
      [
        "SIMPLE  =                    T",
        "BITPIX  =                  -32",
        "NAXIS   =                    2",
        "NAXIS1  =                   63",
        "NAXIS2  =                   63",
        "BUNIT   = 'DN      '",
        "END",
      ],
    );
    for (const at of [0, 1, 3968]) assert.equal(file.readFloatBE(2880 + 4 * at), at - 1.5);
    assert.ok(Number.isNaN(file.readFloatBE(2880 + 4 * 7)));
    assert.ok(file.subarray(2880 + 4 * 3969).every((byte) => byte === 0));
  });

  it("refuses an image of another size", () => {
    assert.throws(
      () => new FitsWriter().gzipped(new Float32Array(5)),
      /must have 3969 pixels: current value is 5/,
    );
  });
});

function brightest(image: Float32Array): [number, number] {
  const at = image.indexOf(Math.max(...image));
  return [at % CUTOUT_SIZE, Math.floor(at / CUTOUT_SIZE)];
}

function sumAround(image: Float32Array, x: number, y: number): number {
  let sum = 0;
  for (let dy = -4; dy <= 4; dy++) {
    for (let dx = -4; dx <= 4; dx++) sum += image[(y + dy) * CUTOUT_SIZE + x + dx]!;
  }
  return sum;
}
