/** Tells the errors of MongoDB that go away by themselves from those that don't. */

interface MongoErrorLike {
  readonly name?: string;
  readonly code?: unknown;
  hasErrorLabel?(label: string): boolean;
}

/** Labels by which server and driver say that the same thing may work when tried again. */
const LABELS = [
  "RetryableWriteError",
  "RetryableError",
  "TransientTransactionError",
  "UnknownTransactionCommitResult",
  "ResetPool",
];
/** Errors of the driver while no server answers. */
const NAMES =
  /^Mongo(Network|ServerSelection|PoolCleared|PoolClosed|ConnectionPool|NotConnected|Topology)/;
/** Duplicate key: another core was first. What is read again will show what it wrote. */
const DUPLICATE_KEY = 11000;

/** Whether to wait and try again: a server that is away, restarts or elects, a conflict. */
export function isTransient(error: unknown): boolean {
  const { name = "", hasErrorLabel } = error as MongoErrorLike;
  return NAMES.test(name) ||
    LABELS.some((label) => hasErrorLabel?.call(error, label) === true);
}

/** MongoDB's own numbers: another transaction holds a document. */
const CONFLICTS = [24, 112]; // LockTimeout, WriteConflict

/** Another writer is at the same documents: its transaction ends soon, at the latest by its limit. */
export function isConflict(error: unknown): boolean {
  return CONFLICTS.includes((error as MongoErrorLike).code as number);
}

/** Two writers met at one document; to be decided by reading again. */
export function isDuplicateKey(error: unknown): boolean {
  return (error as MongoErrorLike).code === DUPLICATE_KEY;
}

/** MongoDB's own numbers: a time, an amount of memory, the size of a document or of a text. */
const LIMITS = [50, 146, 292, 10334, 16493, 17419];

/** What was asked for takes more than the server gives to one command. */
export function isBeyondLimits(error: unknown): boolean {
  return LIMITS.includes((error as MongoErrorLike).code as number);
}
