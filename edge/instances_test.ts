import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { CoreUnavailableError } from "./ask.ts";
import { createInstances } from "./instances.ts";

/** Cores by address: the catalogs they hold, or null for one that is down. */
function cores(held: Record<string, string[] | null>) {
  const asked: string[] = [];
  let nowMs = 0;
  const instances = createInstances(Object.keys(held), (url) => {
    asked.push(url);
    const catalogs = held[url];
    if (!catalogs) return Promise.reject(new CoreUnavailableError("down"));
    return Promise.resolve(Response.json({ catalogs }));
  }, () => nowMs);
  return { instances, asked, held, wait: (ms: number) => void (nowMs += ms) };
}

describe("createInstances()", () => {
  it("chooses the only core without asking it", async () => {
    const { instances, asked } = cores({ a: null });
    assertEquals([await instances.choose(["x"]), asked.length], ["a", 0]);
  });

  it("chooses a core that holds the catalogs", async () => {
    const { instances } = cores({ a: ["x"], b: ["x", "y"] });
    assertEquals(await instances.choose(["y", "x"]), "b");
    assertEquals(await instances.choose(["x"]), "a");
  });

  it("doesn't choose one that is down", async () => {
    const { instances } = cores({ a: null, b: ["x"] });
    assertEquals(await instances.choose(["x"]), "b");
  });

  it("asks all of them once in five seconds, and finds what has changed", async () => {
    const { instances, asked, held, wait } = cores({ a: ["x"], b: [] });
    for (let i = 0; i < 5; i++) await instances.choose(["x"]);
    assertEquals(asked, ["a", "b"]);
    held.a = null;
    held.b = ["x"];
    wait(5001);
    await instances.choose(["x"]); // By what is known, while they are asked.
    await Promise.resolve().then(() => new Promise((resolve) => setTimeout(resolve)));
    assertEquals(await instances.choose(["x"]), "b");
    assertEquals(asked.length, 4);
  });

  it("tells whether any of them is well", async () => {
    assertEquals(await cores({ a: null, b: [] }).instances.isAnyHealthy(), true);
    assertEquals(await cores({ a: null, b: null }).instances.isAnyHealthy(), false);
  });

  it("has nobody to choose where there are none", async () => {
    await assertRejects(() => cores({}).instances.choose([]), CoreUnavailableError);
  });

  it("takes an answer that makes no sense for none", async () => {
    const instances = createInstances(["a"], () => Promise.resolve(Response.json({ x: 1 })));
    assertEquals(await instances.isAnyHealthy(), false);
  });
});
