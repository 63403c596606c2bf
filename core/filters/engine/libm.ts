/**
 * The C library's functions of a double. MongoDB computes with them, and JavaScript's own differ from
 * them in the last bit for one argument in ten to one in a thousand. Where there is no such library
 * (not Linux, or no leave to load one) JavaScript's are used; MongoDB's own answers differ as much
 * between machines.
 */
const OF_ONE = { parameters: ["f64"], result: "f64" } as const;
const OF_TWO = { parameters: ["f64", "f64"], result: "f64" } as const;

const SYMBOLS = {
  exp: OF_ONE,
  log: OF_ONE,
  log10: OF_ONE,
  sin: OF_ONE,
  cos: OF_ONE,
  tan: OF_ONE,
  asin: OF_ONE,
  acos: OF_ONE,
  atan: OF_ONE,
  sinh: OF_ONE,
  cosh: OF_ONE,
  tanh: OF_ONE,
  asinh: OF_ONE,
  acosh: OF_ONE,
  atanh: OF_ONE,
  pow: OF_TWO,
  atan2: OF_TWO,
} as const;

type Functions = {
  readonly [Name in keyof typeof SYMBOLS]: (typeof SYMBOLS)[Name] extends typeof OF_ONE
    ? (x: number) => number
    : (x: number, y: number) => number;
};

/** Loaded with the module and kept: one that is loaded later would belong to whoever came first. */
export const libm: Functions = load() ?? Math;

function load(): Functions | undefined {
  if (Deno.build.os !== "linux") return undefined;
  try {
    return Deno.dlopen("libm.so.6", SYMBOLS).symbols;
  } catch {
    return undefined;
  }
}
