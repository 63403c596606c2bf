import { z } from "zod";
import { toInteger } from "../contract/document.ts";
import { ReplaySearch } from "../contract/replays.ts";
import { defineOperation } from "../operation.ts";
import { summaryOf } from "./_replay_report.ts";

/** One's own replays; an admin's list has everybody's. */
export default defineOperation({
  name: "replays_list",
  permission: "filters",
  input: z.object({ search: ReplaySearch }),
  async run({ search }, { principal: { name, admin }, stores: { replays } }) {
    const { catalog, filter_id: filterId, state } = search;
    const found = await replays.list({
      owner: admin ? undefined : name,
      catalog,
      filterId: filterId === undefined ? undefined : toInteger(BigInt(filterId)),
      state,
    });
    return {
      kind: "json",
      message: `Retrieved ${found.length} replays`,
      data: found.map(summaryOf),
    };
  },
});
