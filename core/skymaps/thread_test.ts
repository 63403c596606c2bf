import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { JsonError } from "../contract/json.ts";
import { QueryError, UnavailableError } from "../contract/query.ts";
import { createSkymapReader, type SkymapReaderOptions } from "./thread.ts";

const dateobs = "2023-06-23T15:42:26";
const CONE = JSON.stringify({ dateobs, skymap: { ra: 90, dec: 30.0, error: 10 }, contours: 90 });
const never = new AbortController().signal;

function reader(options: Partial<SkymapReaderOptions> = {}) {
  return createSkymapReader({ hosts: [], ...options });
}

describe("a skymap's thread", () => {
  it("tells what a map is, and makes its contours when asked", async () => {
    using map = await reader().open(CONE, never);
    assertEquals(map.identity.dateobs, new Date(`${dateobs}Z`));
    assertEquals(map.identity.localizationName, "90.00000_30.00000_10.00000");
    assertEquals(map.levels, [90]);
    assertEquals(Object.keys((await map.contours([50])).contours), ["center", "contour50"]);
    assertEquals(Object.keys((await map.contours([95])).mocs), ["contour95"]);
  });

  it("tells what is wrong with a map as what it is", async () => {
    await assertRejects(() => reader().open("{", never), JsonError);
    await assertRejects(() => reader().open("{}", never), QueryError, "dateobs is required");
    const nothing = { localization_name: "x", uniq: [4], probdensity: [0] };
    using map = await reader().open(JSON.stringify({ dateobs, skymap: nothing }), never);
    await assertRejects(() => map.contours([90]), QueryError, "above zero");
  });

  it("18. is ended when it takes too long", async () => {
    const open = () => reader({ timeMsMax: 1 }).open(CONE, never);
    await assertRejects(open, QueryError, "must take <= 1 ms");
  });

  it("18. is ended when it takes too much memory, and nothing else is", async () => {
    const skymap = { localization_name: "x", uniq: [], probdensity: [1] };
    const numbers = JSON.stringify({ dateobs, skymap }).replace("[]", `[${"4.0,".repeat(1e6)}4]`);
    const { open } = reader({ heapMbMax: 10, timeMsMax: 3_000 });
    await assertRejects(() => open(numbers, never), QueryError, "must take <=");
    using map = await reader().open(CONE, never);
    assertEquals(map.levels, [90]);
  });

  it("18. doesn't parse what would be large in memory", async () => {
    for (const part of ["4,", "[],", '{"a":{}},', "[["]) {
      const body = `{"skymap":[${part.repeat(3e6)}`;
      await assertRejects(() => reader().open(body, never), QueryError, "its numbers must be <=");
    }
  });

  it("22. lets others be served meanwhile", async () => {
    using map = await reader().open(CONE, never);
    let isDone = false;
    const contours = map.contours([90]).then(() => isDone = true);
    await new Promise((resolve) => setTimeout(resolve, 0));
    assert(!isDone);
    await contours;
  });

  it("is ended when nobody waits for it any more", async () => {
    const gone = new AbortController();
    using map = await reader().open(CONE, gone.signal);
    const contours = map.contours([90]);
    gone.abort(new Error("gone"));
    await assertRejects(() => contours, Error, "gone");
    await assertRejects(() => reader().open(CONE, gone.signal), Error, "gone");
  });

  it("18. isn't started while as many run as may, and not many wait", async () => {
    const { open } = reader();
    const first = await open(CONE, never);
    using _second = await open(CONE, never);
    const gone = new AbortController();
    const waiting = Array.from({ length: 8 }, () => open(CONE, gone.signal));
    await assertRejects(() => open(CONE, never), UnavailableError, "8 are waiting");
    first[Symbol.dispose]();
    using _third = await Promise.race(waiting);
    gone.abort(new Error("gone"));
    const ended = await Promise.allSettled(waiting);
    assertEquals(ended.filter(({ status }) => status === "rejected").length, 7);
    using _again = await open(CONE, never);
  });
});
