import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { until } from "../../tests/support/until.ts";
import { retries } from "./retries.ts";

describe("Retries", () => {
  it("does the work once for requests that come while it goes on, and shortly after", async () => {
    const { once } = retries();
    const work = Promise.withResolvers<number>();
    let calls = 0;
    const ask = () => once("filter 1", "a body", () => (calls++, work.promise));
    const both = [ask(), ask()];
    work.resolve(7);
    assertEquals(await Promise.all(both), [7, 7]);
    assertEquals([await ask(), calls], [7, 1]);
  });

  it("does it again after the window, and for another request about the same thing", async () => {
    let nowMs = 0;
    let calls = 0;
    const { once } = retries(() => nowMs);
    const ask = (request: string) => once("filter 1", request, () => Promise.resolve(++calls));
    assertEquals([await ask("a"), await ask("a"), await ask("b"), await ask("a")], [1, 1, 2, 3]);
    nowMs = 15_000;
    assertEquals(await ask("a"), 3);
    nowMs = 15_001;
    assertEquals(await ask("a"), 4);
  });

  it("does it again once somebody has seen what came of it", async () => {
    let calls = 0;
    const { once, seen } = retries();
    const ask = () => once("filter 1", "a", () => Promise.resolve(++calls));
    await ask();
    seen("filter 2");
    assertEquals(await ask(), 1);
    seen("filter 1");
    assertEquals(await ask(), 2);
  });

  it("keeps what goes on though somebody looks at it meanwhile", async () => {
    const { once, seen } = retries();
    const work = Promise.withResolvers<void>();
    let calls = 0;
    const ask = () => once("filter 1", "a", () => (calls++, work.promise));
    const first = ask();
    await until(() => calls === 1);
    seen("filter 1");
    const second = ask();
    work.resolve();
    await Promise.all([first, second]);
    assertEquals(calls, 1);
  });

  it("remembers no failure", async () => {
    const { once } = retries();
    await assertRejects(() => once("filter 1", "a", () => Promise.reject(new Error("no"))));
    assertEquals(await once("filter 1", "a", () => Promise.resolve("yes")), "yes");
  });

  it("keeps a limited number of answers", async () => {
    let calls = 0;
    const { once } = retries();
    const ask = (id: number) => once(`filter ${id}`, "a", () => Promise.resolve(++calls));
    for (let id = 0; id <= 1_000; id++) await ask(id);
    assertEquals([await ask(1_000), await ask(0)], [1_001, 1_002]);
  });
});
