/**
 * What may be asked of a core besides queries: one file of `core/operations/`, held to this contract.
 * The public path that leads to it is a file of `edge/routes/`, made with `operationRoute`.
 */
import type { z } from "zod";
import type { Stores } from "./archive/stores.ts";
import type { Document } from "./contract/document.ts";
import type { Origin } from "./contract/edge.ts";
import type { Permission } from "./contract/permissions.ts";
import type { ArchiveView, Principal, RawBatches } from "./contract/query.ts";

/** A request as an operation's schema gets it. */
export interface OperationRequest {
  /** What the public path has for its `:names`. */
  readonly path: Readonly<Record<string, string>>;
  /** The query string: the last value of each key; `searchAll` has the others. */
  readonly search: Readonly<Record<string, string>>;
  readonly searchAll: Readonly<Record<string, readonly string[]>>;
  /** The body, parsed with exact numbers, or as its text; undefined: there is none. */
  readonly body: unknown;
}

export interface OperationContext {
  readonly stores: Stores;
  /** The archive as the principal may see it. */
  readonly archive: ArchiveView;
  readonly principal: Principal;
  /** Where the request came from, for the audit. */
  readonly origin: Origin;
  /** Aborted when nobody waits any more. */
  readonly signal: AbortSignal;
}

/** What an operation answers: an envelope as JSON, or bytes as they are. */
export type OperationAnswer =
  | {
    readonly kind: "json";
    /** 200 by default. */
    readonly httpStatus?: number;
    /** `success` by default. */
    readonly status?: string;
    /** Left out where undefined, as is `data`. */
    readonly message?: string;
    /** Written as relaxed Extended JSON, ids exact. */
    readonly data?: unknown;
    /** More keys beside `data`. */
    readonly more?: Document;
  }
  | {
    readonly kind: "bytes";
    readonly contentType: string;
    readonly bytes: Uint8Array<ArrayBuffer>;
    readonly headers?: Readonly<Record<string, string>>;
  }
  | {
    /** An envelope whose `data` are documents, which needn't be in memory at once. */
    readonly kind: "list";
    readonly message: string;
    readonly documents: RawBatches;
  }
  | {
    /** What happens from now on, until nothing more will; ends soon when the signal says so. */
    readonly kind: "events";
    events(signal: AbortSignal): AsyncIterable<ServerEvent>;
  };

/** One of a stream of server-sent events. */
export interface ServerEvent {
  readonly event: string;
  /** Written as relaxed Extended JSON, ids exact. */
  readonly data: Document;
}

export interface OperationDef<Input> {
  /** Its file's name. */
  readonly name: string;
  /** What the principal needs to have, checked at the edge and here. */
  readonly permission: Permission;
  /** Bodies that are too long to be parsed where others wait come as text. */
  readonly bodyAs?: "json" | "text";
  /** Parses an `OperationRequest`; what comes out is what `run` works with. */
  readonly input: z.ZodType<Input>;
  run(input: Input, context: OperationContext): Promise<OperationAnswer> | OperationAnswer;
}

export function defineOperation<Input>(operation: OperationDef<Input>): OperationDef<Input> {
  return operation;
}

/** Refused, with a status of its own: 403, 404, 409. For all else that the caller did, `QueryError`. */
export class RefusedError extends Error {
  override name = "RefusedError";
  constructor(
    readonly httpStatus: 400 | 403 | 404 | 409 | 413,
    message: string,
    /** The envelope's `status`, where it isn't `error`. */
    readonly status = "error",
    readonly data?: unknown,
  ) {
    super(message);
  }
}
