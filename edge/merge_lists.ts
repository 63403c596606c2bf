/** The lists that several archives have as one. */
import { blanksEnd, itemsOf, membersOf, type Span } from "./json_spans.ts";

export interface ListOrder {
  /** The key of an entry by which lists are sorted. */
  readonly by: string;
  readonly isDescending?: boolean;
}

/** Numbers by their size, however many digits they have. */
const { compare } = new Intl.Collator("en", { numeric: true });
const DATE = /^\{\s*"\$date"\s*:\s*"([^"]+)"/;

/**
 * The envelope around all entries of these envelopes' lists, in order, each as it was written. The
 * number in the message is that of the entries. Throws where an answer isn't such an envelope.
 */
export function mergedLists(
  texts: readonly string[],
  { by, isDescending = false }: ListOrder,
): string {
  const sign = isDescending ? -1 : 1;
  const entries = texts.flatMap((text) => entriesOf(text, by))
    .toSorted((one, other) => sign * compare(one.key, other.key));
  const [first = "{}"] = texts;
  const message = String(JSON.parse(first).message).replace(/\d+/, String(entries.length));
  const data = entries.map(({ text }) => text).join(", ");
  return `{"status": "success", "message": ${JSON.stringify(message)}, "data": [${data}]}`;
}

function entriesOf(text: string, by: string): { text: string; key: string }[] {
  const data = membersOf(text, blanksEnd(text, 0))?.get("data")?.value;
  const spans = data === undefined ? null : itemsOf(text, data.start);
  if (spans === null) throw new Error("Cannot merge an answer as its data must be a list");
  const sliceOf = (span: Span | undefined) => span ? text.slice(span.start, span.end) : "";
  return spans.map((span) => {
    const key = sliceOf(membersOf(text, span.start)?.get(by)?.value);
    const [, date] = DATE.exec(key) ?? [];
    return { text: sliceOf(span), key: date === undefined ? key : String(Date.parse(date)) };
  });
}
