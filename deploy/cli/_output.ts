/** What commands print: for people on a terminal with colours, for scripts without. */

const CODES = { red: 31, green: 32, yellow: 33, grey: 90, bold: 1 } as const;

/** The text in a colour, where it goes to a terminal that wants any (https://no-color.org). */
export function paint(colour: keyof typeof CODES, text: string): string {
  if (!Deno.stdout.isTerminal() || Deno.env.get("NO_COLOR")) return text;
  return `\x1b[${CODES[colour]}m${text}\x1b[0m`;
}

/** For scripts: 64-bit ids stay whole, as digits. */
export function printJson(value: unknown): void {
  const plain = (_key: string, value: unknown) =>
    typeof value === "bigint" ? value.toString() : value;
  console.log(JSON.stringify(value, plain, 2));
}
