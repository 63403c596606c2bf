/** Numbers as Python prints them: what clients in Python compare with, and look results up by. */

/** A double as `repr` prints it: the shortest digits that read back, `1.0`, `1e-07`, `1e+22`, `inf`. */
export function floatText(value: number): string {
  if (!Number.isFinite(value)) return String(value).toLowerCase().replace("infinity", "inf");
  const size = Math.abs(value);
  if (size < 1e16 && Number.isInteger(value)) return Object.is(value, -0) ? "-0.0" : `${value}.0`;
  if (size >= 1e-4 && size < 1e16) return String(value);
  const [digits, exponent] = value.toExponential().split("e") as [string, string];
  return `${digits}e${exponent[0]}${exponent.slice(1).padStart(2, "0")}`;
}
