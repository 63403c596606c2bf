/** The thread that `core/skymaps/thread.ts` starts for one skymap. */
import { parentPort } from "node:worker_threads";
import { createDownloads } from "../core/skymaps/download.ts";
import { type OpenSkymap, openSkymap } from "../core/skymaps/open.ts";
import type {
  SkymapThreadJob,
  SkymapThreadReply,
  SkymapThreadStart,
} from "../core/skymaps/thread.ts";

let open: OpenSkymap | undefined;

parentPort!.on("message", async (message: SkymapThreadStart | SkymapThreadJob) => {
  parentPort!.postMessage(await answer(message));
});

async function answer(message: SkymapThreadStart | SkymapThreadJob): Promise<SkymapThreadReply> {
  try {
    if ("levels" in message) return { result: await open!.contours(message.levels) };
    open = await openSkymap(message.body, createDownloads({ hosts: message.hosts }));
    return { result: { identity: open.identity, levels: open.levels } };
  } catch (error) {
    const { name, message } = error instanceof Error ? error : new Error(String(error));
    return { name, message };
  }
}
