/** Two edges before one core: what a user does at one counts at the other. */
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { type RunningEdge, startEdge } from "../../edge/serve.ts";
import { edgeOptions, startApi } from "../support/api.ts";
import { clientOf } from "../support/client.ts";
import { until } from "../support/until.ts";

const BURST = 40;

describe("a user's rate", () => {
  it("is one at two edges", async () => {
    await using api = await startApi();
    const options = edgeOptions(api.coreUrl);
    const user = { perMinute: 1, burst: BURST };
    const start = () => startEdge({ ...options, limits: { ...options.limits, user } });
    const [a, b] = [await start(), await start()];
    try {
      const token = await api.token();
      const ping = async (edge: RunningEdge) =>
        (await clientOf(edge.url)("GET", "/", { token })).status;
      // All of it at the one.
      for (let i = 0; i < BURST; i++) assertEquals(await ping(a), 200);
      assertEquals(await ping(a), 429);
      let passed = 0;
      await until(async () => {
        await ping(a);
        if (await ping(b) === 429) return true;
        passed++;
        return false;
      }, 200);
      assert(passed < BURST / 2, `${passed} passed`);
      assertEquals(api.errors, []);
    } finally {
      await a.close();
      await b.close();
    }
  });
});
