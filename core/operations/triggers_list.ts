import { JsonError, parseExact } from "../contract/json.ts";
import { QueryError } from "../contract/query.ts";
import { defineOperation } from "../operation.ts";
import { sendTrigger, toTrigger, TriggerInput } from "./_telescope.ts";

/** What is in a queue of the telescope: its own words, unchanged. */
export default defineOperation<TriggerInput>({
  name: "triggers_list",
  permission: "triggers",
  input: TriggerInput,
  async run(input, context) {
    const trigger = toTrigger("GET", input);
    const { queue, isTest } = trigger;
    if (isTest) return { kind: "json", message: "submitted", data: [{ [queue.nameKey]: "test" }] };
    const { text } = await sendTrigger(trigger, context, [200]);
    try {
      return { kind: "json", message: "retrieved", data: parseExact(text) };
    } catch (error) {
      if (!(error instanceof JsonError)) throw error;
      throw new QueryError(`${queue.attempts.GET} rejected: its answer isn't JSON`);
    }
  },
});
