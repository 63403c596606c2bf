/** Curves from brightness to what is shown, each from 0 to 0 and from 1 to 1. */
import type { Stretch } from "../contract/cutouts.ts";

const LOG_A = 1000;
const LOG_OF_1 = Math.log(LOG_A + 1);
const ASINH_A = 0.1;
const ASINH_OF_1 = Math.asinh(1 / ASINH_A);

export const STRETCHES: Readonly<Record<Stretch, (x: number) => number>> = {
  linear: (x) => x,
  log: (x) => Math.log(LOG_A * x + 1) / LOG_OF_1,
  asinh: (x) => Math.asinh(x / ASINH_A) / ASINH_OF_1,
  sqrt: Math.sqrt,
};
