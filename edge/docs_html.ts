/** HTML that is safe by its making: what is put into a template is text, unless it is HTML already. */

export class Html {
  constructor(readonly text: string) {}
}

type Part = string | number | Html | readonly Part[] | null | undefined | false;

export function markup(texts: TemplateStringsArray, ...parts: Part[]): Html {
  return new Html(texts.reduce((all, text, i) => all + toText(parts[i - 1]) + text));
}

/** What stands in backticks is code. */
export function prose(text: string): Html {
  const pieces = text.split("`");
  return markup`${pieces.map((piece, i) => i % 2 === 1 ? markup`<code>${piece}</code>` : piece)}`;
}

function toText(part: Part): string {
  if (part === null || part === undefined || part === false) return "";
  if (part instanceof Html) return part.text;
  if (typeof part === "object") return part.map(toText).join("");
  return String(part).replaceAll(/[&<>"']/g, (character) => `&#${character.charCodeAt(0)};`);
}
