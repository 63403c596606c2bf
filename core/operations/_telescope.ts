/** What the requests to the telescope's two queues have in common. */
import { z } from "zod";
import type { Document } from "../contract/document.ts";
import { isPlainObject } from "../contract/extended_json.ts";
import { plainNumbers } from "../contract/plain_numbers.ts";
import { toPythonJson } from "../contract/python_json.ts";
import { QueryError } from "../contract/query.ts";
import {
  MmaTriggerSearch,
  NewMmaTrigger,
  NewQueue,
  OldMmaTrigger,
  OldQueue,
  QueueSearch,
  type TelescopeAnswer,
  TelescopeError,
  type TelescopeRequest,
} from "../contract/triggers.ts";
import type { OperationContext } from "../operation.ts";
import { parsed } from "./_parsed.ts";

export type TelescopeMethod = TelescopeRequest["method"];

interface Queue {
  /** At the telescope. */
  readonly path: string;
  /** The field that holds an entry's name, and what an entry is called. */
  readonly nameKey: string;
  readonly noun: string;
  readonly bodies: Readonly<Record<TelescopeMethod, z.ZodType>>;
  /** What is told to have been rejected. */
  readonly attempts: Readonly<Record<TelescopeMethod, string>>;
}

const QUEUES: Readonly<Record<"ztf" | "ztfmma", Queue>> = {
  ztf: {
    path: "/queues",
    nameKey: "queue_name",
    noun: "queue",
    bodies: { GET: QueueSearch, PUT: NewQueue, DELETE: OldQueue },
    attempts: {
      GET: "ZTF queue query attempt",
      PUT: "ZTF trigger attempt",
      DELETE: "ZTF queue delete attempt",
    },
  },
  ztfmma: {
    path: "/mma_skymaps",
    nameKey: "trigger_name",
    noun: "trigger",
    bodies: { GET: MmaTriggerSearch, PUT: NewMmaTrigger, DELETE: OldMmaTrigger },
    attempts: {
      GET: "ZTF MMA trigger status query attempt",
      PUT: "ZTF MMA trigger submission attempt",
      DELETE: "ZTF MMA trigger delete attempt",
    },
  },
};

/** Those whose name ends so are checked and answered, and nothing of them leaves this program. */
const TEST = ".test";

export const TriggerInput = z.object({
  path: z.object({
    queue: z.enum(["ztf", "ztf.test", "ztfmma", "ztfmma.test"]),
  }),
  search: z.record(z.string(), z.string()),
  body: z.unknown(),
});
export type TriggerInput = z.output<typeof TriggerInput>;

export interface Trigger {
  readonly queue: Queue;
  readonly method: TelescopeMethod;
  readonly isTest: boolean;
  /** As the client sent it. */
  readonly body: Document;
  /** Of the entry; undefined where all are asked for. */
  readonly name: string | undefined;
}

/** Throws `QueryError` for a body that the queue doesn't take. */
export function toTrigger(method: TelescopeMethod, { path, search, body }: TriggerInput): Trigger {
  const isTest = path.queue.endsWith(TEST);
  const queue = QUEUES[isTest ? path.queue.slice(0, -TEST.length) as "ztf" : path.queue as "ztf"];
  // A GET request's body doesn't come through every server: then the query string has the same.
  const sent = method === "GET" && body === undefined
    ? withKeys(search, [queue.nameKey, "user"])
    : body;
  const checked = parsed(queue.bodies[method], plainNumbers(sent)) as Document;
  const name = checked[queue.nameKey] as string | undefined;
  return { queue, method, isTest, body: isPlainObject(sent) ? sent : {}, name };
}

function withKeys(search: Readonly<Record<string, string>>, keys: readonly string[]): Document {
  return Object.fromEntries(Object.entries(search).filter(([key]) => keys.includes(key)));
}

/**
 * Passes the trigger on, once, and leaves a record of it. Throws `QueryError` where the telescope can't
 * be asked, and where its answer isn't one of `expected`.
 */
export async function sendTrigger(
  { queue, method, body, name }: Trigger,
  context: OperationContext,
  expected: readonly number[],
): Promise<TelescopeAnswer> {
  const { stores: { audit, telescope }, principal } = context;
  // Whoever asks is who the token says. To list what another has asked for takes nothing from them.
  const named = method === "GET" ? body : { ...body, user: principal.name };
  const reject = (reason: string) =>
    new QueryError(`${queue.attempts[method]} rejected: ${reason}`);
  const target = name === undefined ? queue.path : `${queue.path} ${name}`;
  const entry = { action: `trigger.${method.toLowerCase()}`, target };
  return await audit.write(context, entry, async () => {
    try {
      const answer = await telescope.send({ method, path: queue.path, body: toPythonJson(named) });
      if (expected.includes(answer.httpStatus)) return answer;
      throw reject(`${answer.httpStatus} ${answer.text.slice(0, REASON_LENGTH_MAX)}`);
    } catch (error) {
      throw error instanceof TelescopeError ? reject(error.message) : error;
    }
  });
}

/** A telescope's page of an error is no reason to fill a log with. */
const REASON_LENGTH_MAX = 500;
