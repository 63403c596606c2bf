import { z } from "zod";
import {
  MmaTriggerSearch,
  NewMmaTrigger,
  NewQueue,
  OldMmaTrigger,
  OldQueue,
  QueueSearch,
} from "../../core/contract/triggers.ts";
import { operationRoute } from "../operation_route.ts";
import type { Route, RouteDoc } from "../route.ts";

/** Of the telescope's answer. */
const Headers = z.record(z.string(), z.string()).optional();
const Entries = z.unknown().meta({ description: "What the telescope says, unchanged" });

const QUEUES = [
  {
    queue: "ztf",
    tag: "triggers",
    name: "a queue of ZTF's telescope",
    entry: "targets",
    search: QueueSearch,
    added: NewQueue,
    removed: OldQueue,
  },
  {
    queue: "ztfmma",
    tag: "mma-triggers",
    name: "ZTF's follow-up of messengers other than light",
    entry: "a map of fields",
    search: MmaTriggerSearch,
    added: NewMmaTrigger,
    removed: OldMmaTrigger,
  },
];
const ENDINGS = [
  { ending: "", note: "Passed on to the telescope; the `user` there is the token's." },
  { ending: ".test", note: "Checked and answered; nothing is passed on." },
];

/** Requests to the telescope's two queues, and their twins for tests, which reach nobody. */
export default QUEUES.flatMap(({ queue, tag, name, entry, search, added, removed }) =>
  ENDINGS.flatMap(({ ending, note }): Route[] => {
    const route = (
      method: "GET" | "PUT" | "DELETE",
      operation: string,
      doc: Omit<RouteDoc, "tag" | "description">,
    ) =>
      operationRoute({
        method,
        path: `/api/triggers/${queue}${ending}`,
        access: "triggers",
        operation,
        params: { queue: queue + ending },
        doc: { ...doc, tag, description: note },
      });
    return [
      route("GET", "triggers_list", {
        summary: `What is in ${name}`,
        search: search.shape,
        data: Entries,
      }),
      route("PUT", "triggers_add", {
        summary: `Ask ${name} to take ${entry}`,
        body: added,
        data: Headers,
        statuses: [409],
      }),
      route("DELETE", "triggers_remove", {
        summary: `Take back what ${name} was asked`,
        body: removed,
        data: Headers,
      }),
    ];
  })
);
