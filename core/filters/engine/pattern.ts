/**
 * Regular expressions as MongoDB runs them (PCRE on UTF-8), by a matcher of our own: it pays for each
 * step from the filter's budget, so a pattern that would take for ever ends with a `BudgetError`.
 */
import { spend } from "./budget.ts";
import { BudgetError } from "./errors.ts";
import { isWord, type Piece, type Place, readPattern } from "./pattern_syntax.ts";

export interface Found {
  /** In UTF-16 units of the text, as are all places here. */
  readonly start: number;
  readonly end: number;
  /** Null for a group that took no part. */
  readonly captures: readonly (string | null)[];
}

export interface Pattern {
  /** The first match at or after `from`. Throws `BudgetError`. */
  find(text: string, from?: number): Found | null;
}

/** Throws `NotCompiled` for what isn't known here, or isn't a pattern at all. */
export function compilePattern(pattern: string, options: string): Pattern {
  const { piece, captures } = readPattern(pattern, options);
  const match = compile(piece, (_, at) => at);
  return {
    find(text, from = 0) {
      const state: State = { text, starts: [], ends: [] };
      for (
        let start = from;
        start <= text.length;
        start += text.codePointAt(start)! > 0xffff ? 2 : 1
      ) {
        state.starts = new Array(captures).fill(-1);
        state.ends = new Array(captures).fill(-1);
        const end = attempt(match, state, start);
        if (end >= 0) return { start, end, captures: capturesOf(state) };
      }
      return null;
    },
  };
}

interface State {
  readonly text: string;
  starts: number[];
  ends: number[];
}

/** Where the match ends, going on with what follows; -1 where there is none. */
type Match = (state: State, at: number) => number;

function attempt(match: Match, state: State, start: number): number {
  try {
    return match(state, start);
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new BudgetError("Cannot go on with a pattern as it is nested too deep");
  }
}

function capturesOf({ text, starts, ends }: State): (string | null)[] {
  return starts.map((start, i) => ends[i]! < 0 ? null : text.slice(start, ends[i]));
}

function compile(piece: Piece, next: Match): Match {
  switch (piece.kind) {
    case "character": {
      const { test } = piece;
      return (state, at) => {
        spend(1);
        const code = state.text.codePointAt(at);
        if (code === undefined || !test(code)) return -1;
        return next(state, at + (code > 0xffff ? 2 : 1));
      };
    }
    case "sequence":
      return piece.pieces.reduceRight((after, each) => compile(each, after), next);
    case "alternatives": {
      const ways = piece.pieces.map((each) => compile(each, next));
      return (state, at) => {
        for (const way of ways) {
          const end = way(state, at);
          if (end >= 0) return end;
        }
        return -1;
      };
    }
    case "group":
      return piece.capture === undefined
        ? compile(piece.piece, next)
        : compileCapture(piece.piece, piece.capture, next);
    case "repeat":
      return piece.piece.kind === "character"
        ? compileRun(piece.piece.test, piece, next)
        : compileRepeat(piece, next);
    case "look": {
      const inner = compile(piece.piece, (_, at) => at);
      const { negated } = piece;
      return (state, at) => {
        const { starts, ends } = state;
        [state.starts, state.ends] = [[...starts], [...ends]];
        const isThere = inner(state, at) >= 0;
        // What must not be there takes nothing, and neither does a way that led nowhere.
        if (negated) [state.starts, state.ends] = [starts, ends];
        const end = isThere === negated ? -1 : next(state, at);
        if (end < 0) [state.starts, state.ends] = [starts, ends];
        return end;
      };
    }
    case "at":
      return (state, at) => isAt(piece.place, state.text, at) ? next(state, at) : -1;
  }
}

function compileCapture(piece: Piece, capture: number, next: Match): Match {
  const opened: number[] = []; // Where this group was entered, for groups within repetitions.
  const inner = compile(piece, (state, at) => {
    const [start, end] = [state.starts[capture]!, state.ends[capture]!];
    state.starts[capture] = opened.at(-1)!;
    state.ends[capture] = at;
    const entered = opened.pop()!;
    const after = next(state, at);
    opened.push(entered);
    if (after < 0) {
      state.starts[capture] = start;
      state.ends[capture] = end;
    }
    return after;
  });
  return (state, at) => {
    opened.push(at);
    try {
      return inner(state, at);
    } finally {
      opened.pop();
    }
  };
}

interface Counts {
  readonly min: number;
  readonly max: number;
  readonly lazy: boolean;
}

/** A repeated character, without a call for each. */
function compileRun(
  test: (code: number) => boolean,
  { min, max, lazy }: Counts,
  next: Match,
): Match {
  const step = (text: string, at: number): number => {
    const code = text.codePointAt(at);
    return code === undefined || !test(code) ? -1 : at + (code > 0xffff ? 2 : 1);
  };
  return (state, at) => {
    const places = [at];
    let here = at;
    const advance = () => {
      spend(1);
      const after = step(state.text, here);
      if (after >= 0) places.push(here = after);
      return after >= 0;
    };
    while (places.length <= min) {
      if (!advance()) return -1;
    }
    if (lazy) {
      for (let count = min;; count++) {
        const end = next(state, here);
        if (end >= 0) return end;
        if (count >= max || !advance()) return -1;
      }
    }
    while (places.length <= max && advance());
    for (let count = places.length - 1; count >= min; count--) {
      const end = next(state, places[count]!);
      if (end >= 0) return end;
    }
    return -1;
  };
}

function compileRepeat(
  { piece, min, max, lazy }: Counts & { readonly piece: Piece },
  next: Match,
): Match {
  // How many came before: kept here, and put back when backing out.
  let count = 0;
  const inner = compile(piece, (state, at) => more(state, at));
  const once: Match = (state, at) => {
    const before = count++;
    const end = inner(state, at);
    count = before;
    return end;
  };
  const more: Match = (state, at) => {
    spend(1);
    if (count < min) return once(state, at);
    if (lazy) {
      const end = next(state, at);
      return end >= 0 || count >= max ? end : once(state, at);
    }
    const end = count < max ? once(state, at) : -1;
    return end >= 0 ? end : next(state, at);
  };
  return (state, at) => {
    const before = count;
    count = 0;
    const end = more(state, at);
    count = before;
    return end;
  };
}

function isAt(place: Place, text: string, at: number): boolean {
  const isNewline = (index: number) => text[index] === "\n";
  switch (place) {
    case "start":
      return at === 0;
    case "line start": // Not after a newline that ends the text.
      return at === 0 || (isNewline(at - 1) && at < text.length);
    case "end":
      return at === text.length;
    case "end or last newline":
      return at === text.length || (at === text.length - 1 && isNewline(at));
    case "line end":
      return at === text.length || isNewline(at);
    case "word edge":
      return isWordEdge(text, at);
    case "no word edge":
      return !isWordEdge(text, at);
  }
}

function isWordEdge(text: string, at: number): boolean {
  const isWordAt = (index: number) =>
    index >= 0 && index < text.length && isWord(text.charCodeAt(index));
  return isWordAt(at - 1) !== isWordAt(at);
}
