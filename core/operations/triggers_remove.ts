import { defineOperation } from "../operation.ts";
import { sendTrigger, toTrigger, TriggerInput } from "./_telescope.ts";

/** Takes back what the telescope was asked. */
export default defineOperation<TriggerInput>({
  name: "triggers_remove",
  permission: "triggers",
  input: TriggerInput,
  async run(input, context) {
    const trigger = toTrigger("DELETE", input);
    if (trigger.isTest) return { kind: "json", message: "deleted" };
    const { headers } = await sendTrigger(trigger, context, [200]);
    return { kind: "json", message: "deleted", data: headers };
  },
});
