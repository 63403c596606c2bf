import { defineOperation, RefusedError } from "../operation.ts";
import { sendTrigger, toTrigger, TriggerInput } from "./_telescope.ts";

/** The telescope took it. It answers 200 to what it has already. */
const ADDED = 201;
const THERE = 200;

/** Asks the telescope to look somewhere. */
export default defineOperation<TriggerInput>({
  name: "triggers_add",
  permission: "triggers",
  input: TriggerInput,
  async run(input, context) {
    const trigger = toTrigger("PUT", input);
    const { queue, isTest, name } = trigger;
    if (isTest) return { kind: "json", message: "submitted" };
    const { httpStatus, headers } = await sendTrigger(trigger, context, [ADDED, THERE]);
    if (httpStatus === THERE) {
      throw new RefusedError(409, `Submitted ${queue.noun} ${name} already exists`);
    }
    return { kind: "json", message: "submitted", data: headers };
  },
});
