/** What all operations of the OpenAPI document have in common: errors, headers, ways to show a token. */

export type JsonSchema = Readonly<Record<string, unknown>>;

const json = (schema: JsonSchema) => ({ "application/json": { schema } });

const ERRORS: Readonly<Record<number, readonly [name: string, description: string]>> = {
  400: ["BadRequest", "Something in the request is wrong, or its token: the message says what"],
  401: ["Unauthorized", "There is no token, or the name or password is wrong"],
  403: ["Forbidden", "The token isn't good for this"],
  404: ["NotFound", "There is nothing of this name"],
  409: ["Conflict", "It is there already"],
  413: ["TooLarge", "The body is larger than this server takes"],
  429: ["TooManyRequests", "Too much was asked in a short time; again after some seconds"],
  503: ["Unavailable", "What is needed can't be reached; again after some seconds"],
};

/** A client is told when it may ask again. */
const TEMPORARY = [429, 503];

/** A reference to one of the shared answers. */
export function errorResponse(status: number): JsonSchema {
  if (status === 304) return { description: "The client has it: nothing has changed" };
  const [name] = ERRORS[status] ?? [];
  if (name === undefined) throw new Error(`Cannot document the status ${status}: it has no text`);
  return { $ref: `#/components/responses/${name}` };
}

const Failure: JsonSchema = {
  type: "object",
  required: ["status", "message"],
  properties: {
    status: {
      type: "string",
      description: "`error`, or a word of its own for what is no success",
      examples: ["error", "already_exists"],
      not: { const: "success" },
    },
    message: { type: "string", description: "What is wrong, for people" },
    data: { description: "What there is instead, if anything" },
  },
};

export const SHARED = {
  schemas: { Failure },
  headers: {
    RequestId: {
      description: "Names the request in the server's log; a client may send one of its own",
      schema: { type: "string" },
    },
    RetryAfter: { description: "Seconds to wait", schema: { type: "string", pattern: "^[0-9]+$" } },
  },
  responses: Object.fromEntries(
    Object.entries(ERRORS).map(([status, [name, description]]) => [name, {
      description,
      headers: {
        "x-request-id": { $ref: "#/components/headers/RequestId" },
        ...TEMPORARY.includes(Number(status)) && {
          "retry-after": { $ref: "#/components/headers/RetryAfter" },
        },
      },
      content: json({ $ref: "#/components/schemas/Failure" }),
    }]),
  ),
  securitySchemes: {
    bearerAuth: {
      type: "http",
      scheme: "bearer",
      bearerFormat: "JWT",
      description: "`Authorization: Bearer TOKEN`, from `POST /api/auth` or `POST /api/tokens`",
    },
    token: {
      type: "apiKey",
      in: "header",
      name: "Authorization",
      description: "`Authorization: TOKEN`, the same token without a scheme",
    },
  },
} as const;
