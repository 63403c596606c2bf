/** Requests to the queue of ZTF's telescope, as clients send them, and who carries them there. */
import { z } from "zod";

const User = z.string().meta({
  description: "Who asks; what is passed on is the name of the token's user",
});
const Target = z.looseObject({}).meta({
  description: "request_id, program_id, field_id, ra, dec, filter_id, exposure_time, program_pi, " +
    "subprogram_name: passed on as they are",
  examples: [{ request_id: 1, program_id: 1, field_id: 699, ra: 322.7, dec: 55.4, filter_id: 1 }],
});
const Field = z.looseObject({}).meta({
  description: "field_id, probability: passed on as they are",
  examples: [{ field_id: 699, probability: 0.1 }],
});

const QueueName = z.string().meta({ examples: ["ToO_S230518h"] });
const TriggerName = z.string().meta({ examples: ["S230518h"] });

/** What isn't named here is passed on too. */
export const NewQueue = z.looseObject({
  queue_name: QueueName,
  validity_window_mjd: z.array(z.number()).meta({ examples: [[60000.1, 60000.9]] }),
  targets: z.array(Target),
  queue_type: z.string().meta({ examples: ["list"] }),
  user: User,
});
export const OldQueue = z.looseObject({ queue_name: QueueName, user: User });
export const QueueSearch = z.looseObject({
  queue_name: QueueName.optional(),
  user: User.optional(),
});

export const NewMmaTrigger = z.looseObject({
  trigger_name: TriggerName,
  trigger_time: z.number().meta({ description: "MJD", examples: [60000.1] }),
  fields: z.array(Field),
  user: User,
});
export const OldMmaTrigger = z.looseObject({ trigger_name: TriggerName, user: User });
export const MmaTriggerSearch = z.looseObject({
  trigger_name: TriggerName.optional(),
  user: User.optional(),
});

export interface TelescopeRequest {
  readonly method: "GET" | "PUT" | "DELETE";
  readonly path: string;
  /** JSON. */
  readonly body: string;
}

export interface TelescopeAnswer {
  readonly httpStatus: number;
  /** By the names that the telescope writes. */
  readonly headers: Readonly<Record<string, string>>;
  readonly text: string;
}

/** The program at the telescope that keeps its queue. */
export interface Telescope {
  /** Asks once, whatever happens. Throws `TelescopeError` where there is no answer. */
  send(request: TelescopeRequest): Promise<TelescopeAnswer>;
}

/** The telescope can't be asked; the text is for who wanted to. */
export class TelescopeError extends Error {
  override name = "TelescopeError";
}
