/** How a filter ends that doesn't end with an answer. */

/**
 * What MongoDB would raise for this filter: when it is compiled (`place` says where), or for a
 * document.
 */
export class FilterError extends Error {
  override name = "FilterError";
  readonly code: number;
  /** As `stage 3, $map.in`; empty for what only shows on a document. */
  readonly place: string;

  constructor(code: number, message: string, place = "") {
    super(place === "" ? message : `${place}: ${message}`);
    this.code = code;
    this.place = place;
  }
}

/**
 * This engine doesn't do it exactly as MongoDB does: MongoDB is to run it. Thrown when a filter is
 * compiled, and, rarely, for a document (the sine of a Decimal128, a year of 300000).
 */
export class NotCompiled extends Error {
  override name = "NotCompiled";
  readonly place: string;
  readonly reason: string;

  constructor(reason: string, place = "") {
    super(place === "" ? reason : `${place}: ${reason}`);
    this.reason = reason;
    this.place = place;
  }
}

/** A filter did more than its budget allows: it is to be set aside. */
export class BudgetError extends Error {
  override name = "BudgetError";
}
