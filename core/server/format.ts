/**
 * A form that answers come in: one file of `core/server/formats/`, held to this contract and to
 * `tests/contract/formats_test.ts`. Which one is the client's to say, by `Accept`.
 */
import type { Answer } from "../contract/query.ts";

/** Answers made of documents: all forms can write these. JSON alone writes the others. */
export type TableAnswer = Extract<Answer, { readonly kind: "document" | "list" | "matches" }>;

export interface FormatDef {
  /** Its file's name. */
  readonly name: string;
  /** The media types that ask for it. The first is what its answers are. */
  readonly mediaTypes: readonly [string, ...string[]];
  /** More of its content type: its character set. */
  readonly parameters?: string;
  /**
   * Pieces of the answer, in memory one after the other. What goes wrong while documents are read is
   * thrown on, and what was begun is ended when the reader stops.
   */
  write(answer: TableAnswer, progress: Progress): AsyncGenerator<Piece>;
}

export interface Progress {
  /** Whether the status has gone to the client, so that it can't become that of an error. */
  isSent: boolean;
}

export type Piece = string | Uint8Array<ArrayBuffer>;

export function defineFormat(format: FormatDef): FormatDef {
  return format;
}
