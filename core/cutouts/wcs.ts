/**
 * A header's sky coordinates after its image was turned: the same pixel still has the same position on
 * the sky. What is corrected is the reference pixel, the linear terms (CD, PC, or CDELT with CROTA2) and
 * the distortion of SIP (Shupe et al. 2005), of the primary and all alternate systems.
 */
import type { CutoutOrientation } from "../contract/survey.ts";
import type { FitsImage } from "../pipeline/fits.ts";
import { AXES } from "./orientation.ts";

const CARD_BYTES = 80;

/** The cards of `image`, turned. Those that say nothing of pixels stay as they are. */
export function turnedCards(image: FitsImage, orientation: CutoutOrientation): string[] {
  const rules = rulesOf(image, orientation);
  return withMatrices(image.cards).map((card) => {
    const { key, text, comment } = partsOf(card);
    for (const [pattern, turned] of rules) {
      const match = pattern.exec(key);
      if (match === null || text === "" || Number.isNaN(Number(text))) continue;
      return formatCard(...turned(match.slice(1), text), comment);
    }
    return card;
  });
}

export function keyOf(card: string): string {
  return card.slice(0, 8).trimEnd();
}

/** A card with a number or a logical value. */
export function formatCard(key: string, value: string | number, comment = ""): string {
  const card = `${key.padEnd(8)}= ${String(value).toUpperCase().padStart(20)}`;
  return (comment === "" ? card : `${card} / ${comment}`).slice(0, CARD_BYTES).padEnd(CARD_BYTES);
}

/** What a card becomes whose key matches, from the parts of the key and the text of its value. */
type Rule = readonly [
  RegExp,
  (parts: string[], text: string) => readonly [key: string, value: string | number],
];

function rulesOf({ width, height }: FitsImage, orientation: CutoutOrientation): readonly Rule[] {
  const { to, sign } = AXES[orientation];
  const isSwapped = to[0] === 1;
  const lengths = [width, height] as const;
  const axisOf = (text: string) => text === "1" ? 0 : 1;
  const swapped = (name: string) =>
    isSwapped ? name.replace(/[AB]/, (a) => a === "A" ? "B" : "A") : name;
  return [
    [/^CRPIX([12])([A-Z]?)$/, ([axis, system], text) => {
      const from = axisOf(axis!);
      const position = sign[from] < 0 ? lengths[from] + 1 - Number(text) : text;
      return [`CRPIX${to[from] + 1}${system}`, position];
    }],
    [/^(CD|PC)([12])_([12])([A-Z]?)$/, ([name, sky, axis, system], text) => {
      const from = axisOf(axis!);
      return [`${name}${sky}_${to[from] + 1}${system}`, times(text, sign[from])];
    }],
    [/^([AB]P?)_(\d)_(\d)$/, ([name, p, q], text) => {
      const ofTerm = sign[0] ** Number(p) * sign[1] ** Number(q);
      const ofAxis = sign[name!.startsWith("A") ? 0 : 1];
      const powers = isSwapped ? `${q}_${p}` : `${p}_${q}`;
      return [`${swapped(name!)}_${powers}`, times(text, ofTerm * ofAxis)];
    }],
    [/^([AB]P?)_(ORDER|DMAX)$/, ([name, what], text) => [`${swapped(name!)}_${what}`, text]],
  ];
}

/** With all its digits. */
function times(text: string, sign: number): string {
  if (sign > 0 || Number(text) === 0) return text;
  return text.startsWith("-") ? text.slice(1) : `-${text.replace(/^\+/, "")}`;
}

/** With a whole PC matrix for each system of coordinates that has no CD: turned, it isn't the default. */
function withMatrices(cards: readonly string[]): string[] {
  const values = new Map(cards.map(partsOf).map(({ key, text }) => [key, text]));
  const systems = new Set(
    [...values.keys()].flatMap((key) =>
      /^(?:CRPIX|CRVAL|CDELT|CTYPE)[12]([A-Z]?)$/.exec(key)?.[1] ?? []
    ),
  );
  const more: string[] = [];
  for (const system of systems) {
    const number = (key: string, otherwise: number) =>
      Number(values.get(key + system) ?? otherwise);
    if ([...values.keys()].some((key) => /^CD\d_\d/.test(key) && key.slice(5) === system)) continue;
    const angle = number("CROTA2", 0) * Math.PI / 180;
    const ratio = number("CDELT2", 1) / number("CDELT1", 1);
    const matrix = {
      PC1_1: Math.cos(angle),
      PC1_2: -Math.sin(angle) * ratio,
      PC2_1: Math.sin(angle) / ratio,
      PC2_2: Math.cos(angle),
    };
    for (const [key, value] of Object.entries(matrix)) {
      if (!values.has(key + system)) more.push(formatCard(key + system, value + 0));
    }
  }
  return [...cards.filter((card) => !/^CROTA[12][A-Z]?$/.test(keyOf(card))), ...more];
}

function partsOf(card: string): { key: string; text: string; comment: string } {
  const [text = "", ...comment] = card.slice(10).split("/");
  const hasValue = card.slice(8, 10) === "= ";
  return { key: keyOf(card), text: hasValue ? text.trim() : "", comment: comment.join("/").trim() };
}
