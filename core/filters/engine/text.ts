/** Texts by code points and by bytes of UTF-8, as MongoDB counts them. */

const SURROGATE = /[\ud800-\udfff]/;
const NOT_ASCII = /[^\0-\x7f]/;
const encoder = new TextEncoder();
const decoder = new TextDecoder();

export function isAscii(text: string): boolean {
  return !NOT_ASCII.test(text);
}

export function codePointLength(text: string): number {
  return SURROGATE.test(text) ? Array.from(text).length : text.length;
}

export function byteLength(text: string): number {
  return isAscii(text) ? text.length : encoder.encode(text).length;
}

export function toBytes(text: string): Uint8Array {
  return encoder.encode(text);
}

export function fromBytes(bytes: Uint8Array): string {
  return decoder.decode(bytes);
}

/** A byte that goes on with a character and begins none. */
export function isContinuation(byte: number): boolean {
  return (byte & 0xc0) === 0x80;
}

/** From one code point to another. */
export function sliceCodePoints(text: string, start: number, end: number): string {
  if (!SURROGATE.test(text)) return text.slice(start, end);
  return Array.from(text).slice(start, end).join("");
}

/** How many code points come before a place in UTF-16. */
export function codePointsBefore(text: string, index: number): number {
  return codePointLength(text.slice(0, index));
}

/** Upper case of ASCII only, as MongoDB has it. */
export function toUpperAscii(text: string): string {
  return isAscii(text)
    ? text.toUpperCase()
    : text.replace(/[a-z]+/g, (letters) => letters.toUpperCase());
}

export function toLowerAscii(text: string): string {
  return isAscii(text)
    ? text.toLowerCase()
    : text.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
