/** Names and ids as ZTF gives them. */
import { dateOf } from "./exposures.ts";

const LETTERS = 7;
const NAMES = 26n ** BigInt(LETTERS);
/** Odd and no multiple of 13, so multiplying by it permutes the names of a year. */
const SCATTER = 4_294_967_291n;

/** The most objects that one sky can hold: the names of a year suffice for as many on each day of it. */
export const SLOTS_MAX = 1_900_000;

/** `ZTF23abjjnqm`: unique for a slot and the night it was first seen in. */
export function objectIdOf(seed: number, slot: number, birthNight: number): string {
  const birth = dateOf(birthNight);
  const year = birth.getUTCFullYear();
  const dayOfYear = Math.round((birth.getTime() - Date.UTC(year, 0, 1)) / 86_400_000);
  const number = BigInt(dayOfYear * SLOTS_MAX + slot);
  const offset = BigInt(Math.trunc(seed)) * 1_000_003n;
  let rest = (number * SCATTER + offset) % NAMES;
  if (rest < 0n) rest += NAMES;
  let letters = "";
  for (let at = 0; at < LETTERS; at++) {
    letters = String.fromCharCode(97 + Number(rest % 26n)) + letters;
    rest /= 26n;
  }
  return `ZTF${String(year).slice(2)}${letters}`;
}

/** 19 digits: the processing id, the sign of the subtraction, and the row in the extraction table. */
export function candidOf(pid: number, positive: boolean, row: number): bigint {
  return BigInt(pid) * 1_000_000n + BigInt((positive ? 15_000 : 10_000) + row);
}

/** As PS1 builds its ids: the declination zone, the right ascension in 1e-7 deg, and three more digits. */
export function ps1IdOf(raDeg: number, decDeg: number, digits: number): bigint {
  const zone = BigInt(Math.floor((decDeg + 90) / (1 / 120)));
  return zone * 10n ** 13n + BigInt(Math.floor(raDeg * 1e7)) * 1000n + BigInt(digits);
}
