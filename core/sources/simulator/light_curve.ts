/** How bright a simulated thing is against the reference image, at any time. */

/** The zero point of the fluxes here: a source of magnitude 26.2 has a flux of 1 DN. */
const ZERO_POINT_MAG = 26.2;

export type LightCurve =
  | {
    readonly shape: "supernova";
    readonly startJd: number;
    readonly peakMag: number;
    readonly riseDays: number;
    readonly declineMagPerDay: number;
    readonly colourMag: number;
  }
  | {
    /** A sum of sines about a mean: one for a pulsating star, several for a nucleus. */
    readonly shape: "waves";
    readonly meanMag: number;
    readonly waves: readonly { amplitude: number; periodDays: number; phase: number }[];
    readonly colourMag: number;
  }
  | {
    readonly shape: "constant";
    readonly mag: number;
    readonly sign: 1 | -1;
    readonly colourMag: number;
  };

/** A supernova is this faint where it starts, and where its curve was made to end. */
export const FAINTEST_MAG = 20.4;

/** Signed flux in the difference image, DN at `ZERO_POINT_MAG`. */
export function differenceFlux(curve: LightCurve, jd: number, fid: number): number {
  // The redder the band, the brighter: by the whole colour from g to R, and a bit more to i.
  const colour = -curve.colourMag * (fid === 1 ? 0 : fid === 2 ? 1 : 1.3);
  if (curve.shape === "constant") return curve.sign * fluxOf(curve.mag + colour);
  if (curve.shape === "supernova") {
    const age = jd - curve.startJd;
    if (age < 0) return 0;
    const { peakMag, riseDays, declineMagPerDay } = curve;
    const sincePeak = age - riseDays;
    const fainter = sincePeak < 0
      ? (FAINTEST_MAG - peakMag) * (sincePeak / riseDays) ** 2
      : declineMagPerDay * sincePeak;
    return fluxOf(peakMag + fainter + colour);
  }
  let share = 0;
  for (const { amplitude, periodDays, phase } of curve.waves) {
    share += amplitude * Math.sin(2 * Math.PI * (jd / periodDays + phase));
  }
  return fluxOf(curve.meanMag + colour) * share;
}

/** DN at a zero point. */
export function fluxOf(mag: number, zeroPointMag = ZERO_POINT_MAG): number {
  return 10 ** (0.4 * (zeroPointMag - mag));
}
