import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { until } from "../tests/support/until.ts";
import { type AskOptions, CoreUnavailableError } from "./ask.ts";
import { createInstances } from "./instances.ts";

/** What a core does that is asked: tells what it holds, or fails as it wants to. */
type Core = (options: AskOptions) => Response | Promise<Response>;

function holds(...catalogs: string[]): Core {
  return () =>
    Response.json({
      archive: `of ${catalogs}`,
      catalogs: Object.fromEntries(catalogs.map((name) => [name, 1])),
      surveys: {},
      running: 0,
    });
}
const refuses: Core = () => Promise.reject(new CoreUnavailableError("down"));
const hangs: Core = ({ signal }) =>
  new Promise((_, reject) => signal.addEventListener("abort", () => reject(signal.reason)));

/** Cores by their addresses, and a clock that stands still. */
function cores(held: Record<string, Core>, answerMsMax = 1_000) {
  const looks: string[] = [];
  const changes: string[] = [];
  let nowMs = 0;
  const instances = createInstances(Object.keys(held), async (url, options) => {
    if (options.path === "/v1/catalogs") looks.push(url);
    return await held[url]!(options);
  }, {
    limits: { answerMsMax },
    now: () => nowMs,
    random: () => 0.5,
    onChange: (url, isUp) => void changes.push(`${url} ${isUp ? "up" : "down"}`),
  });
  const up = async () => {
    const all = await instances.known();
    return all.filter(({ isUp }) => isUp).map(({ url }) => url).join("");
  };
  /** Who is known to hold it. */
  const who = async (catalog: string) => {
    const all = await instances.known();
    return all.filter(({ report }) => report && catalog in report.catalogs).map(({ url }) => url)
      .join("");
  };
  /** Lets looks that have begun come to their end. */
  const settle = () => new Promise((resolve) => setTimeout(resolve));
  const wait = async (ms: number) => {
    nowMs += ms;
    await instances.known();
    await settle();
  };
  const ask = (url: string) => instances.ask(url, { path: "/v1/query", signal: never });
  return {
    instances,
    looks,
    changes,
    held,
    up,
    who,
    wait,
    settle,
    ask,
    [Symbol.asyncDispose]: () => instances.close(),
  };
}
const never = new AbortController().signal;

describe("instances", () => {
  it("need no look where there is only one", async () => {
    await using only = cores({ a: refuses });
    await assertRejects(() => only.ask("a"), CoreUnavailableError);
    assertEquals(only.looks, []);
  });

  it("are looked at once, however many requests come first", async () => {
    await using fleet = cores({ a: holds("x"), b: holds("y") });
    const { up, looks } = fleet;
    assertEquals(await Promise.all([up(), up(), up()]), ["ab", "ab", "ab"]);
    assertEquals(looks, ["a", "b"]);
  });

  it("are looked at again in the background, and requests don't wait for it", async () => {
    await using fleet = cores({ a: holds("x"), b: holds("y") });
    const { looks, held, wait } = fleet;
    assertEquals(await fleet.who("y"), "b");
    await wait(4_900);
    assertEquals(looks.length, 2);
    held.a = hangs;
    held.b = hangs;
    await wait(200);
    assertEquals(looks.length, 4);
    assertEquals(await fleet.who("y"), "b");
  });

  it("are found with what has changed", async () => {
    await using fleet = cores({ a: holds("x"), b: holds() });
    const { held, wait } = fleet;
    assertEquals(await fleet.who("z"), "");
    held.b = holds("z");
    await wait(6_000);
    assertEquals(await fleet.who("z"), "b");
  });

  it("that are down at the start are strangers, and the others serve", async () => {
    await using fleet = cores({ a: refuses, b: holds("x") });
    const { up, changes } = fleet;
    assertEquals([await up(), await fleet.who("x"), changes], ["b", "b", ["a down"]]);
    const [a] = await fleet.instances.known();
    assertEquals(a!.report, null);
  });

  it("go as soon as a look finds nobody there, and keep what they told", async () => {
    await using fleet = cores({ a: holds("x"), b: holds("y") });
    const { instances, held, up, wait, changes } = fleet;
    await up();
    held.b = refuses;
    await wait(6_000);
    assertEquals([await up(), changes], ["a", ["b down"]]);
    const [, b] = await instances.known();
    assertEquals(Object.keys(b!.report!.catalogs), ["y"]);
  });

  it("may lose a connection that was kept", async () => {
    let looks = 0;
    const look = holds("y");
    const loses: Core = (options) => looks++ === 1 ? refuses(options) : look(options);
    await using fleet = cores({ a: holds("x"), b: loses });
    await fleet.up();
    await fleet.wait(6_000);
    assertEquals([await fleet.up(), looks], ["ab", 3]);
  });

  it("that fail a request are looked at at once", async () => {
    await using fleet = cores({ a: holds("x"), b: holds("y") });
    const { held, up, wait, settle, ask } = fleet;
    await up();
    await wait(1_000);
    held.b = refuses;
    await assertRejects(() => ask("b"), CoreUnavailableError);
    await settle();
    assertEquals(await up(), "a");
  });

  it("that fail requests in a row are left alone, though they answer looks", async () => {
    const look = holds("y");
    const breaks: Core = (options) =>
      options.path === "/v1/catalogs" ? look(options) : refuses(options);
    await using fleet = cores({ a: holds("x"), b: breaks });
    const { up, wait, settle, ask } = fleet;
    await up();
    for (let i = 0; i < 3; i++) await ask("b").catch(() => {});
    assertEquals(await up(), "a");
    await settle();
    await wait(600); // The first pause: then a look finds it well.
    assertEquals(await up(), "ab");
    for (let i = 0; i < 3; i++) await ask("b").catch(() => {});
    await wait(600); // The next one is longer.
    assertEquals(await up(), "a");
    await wait(600);
    assertEquals(await up(), "ab");
  });

  it("are left alone for longer and longer, up to ten seconds", async () => {
    await using fleet = cores({ a: holds("x"), b: holds("y") });
    const { held, looks, up, wait } = fleet;
    await up();
    held.b = refuses;
    await wait(6_000);
    const before = looks.filter((url) => url === "b").length;
    for (let i = 0; i < 60; i++) await wait(1_000);
    const more = looks.filter((url) => url === "b").length - before;
    assert(more >= 12 && more <= 24, `${more}`); // A look at one that is down tries twice.
    held.b = holds("y");
    await wait(10_000);
    assertEquals(await up(), "ab");
  });

  it("that are missed are looked for, and not more than twice a second", async () => {
    await using fleet = cores({ a: holds("x"), b: refuses });
    const { instances, held, looks, up, wait } = fleet;
    await up();
    for (let i = 0; i < 5; i++) await wait(10_000);
    held.b = holds("y");
    const [, b] = await instances.known();
    const before = looks.length;
    await wait(400);
    for (let i = 0; i < 9; i++) instances.lookFor([b!]);
    assertEquals(looks.length, before);
    await wait(200);
    instances.lookFor([b!]);
    await wait(0);
    assertEquals(await up(), "ab");
  });

  it("may be late once, and not twice", async () => {
    await using fleet = cores({ a: holds("x"), b: holds("y") }, 50);
    const { held, looks, up, wait } = fleet;
    await up();
    held.b = hangs;
    const before = looks.length;
    await wait(6_000);
    // The second look begins when the first has been given up.
    await until(async () => await up() === "a");
    assertEquals(looks.slice(before).filter((url) => url === "b").length, 2);
  });

  it("that go answer none of those who wait, who are told at once", async () => {
    await using fleet = cores({ a: holds("x"), b: holds("y") });
    const { held, up, wait, ask } = fleet;
    await up();
    held.b = (options) => options.path === "/v1/catalogs" ? refuses(options) : hangs(options);
    const waiting = assertRejects(() => ask("b"), CoreUnavailableError, "is down");
    await wait(6_000);
    await waiting;
    await assertRejects(() => ask("b"), CoreUnavailableError, "is down");
  });

  it("don't end an answer that has begun, whatever looks say", async () => {
    const rest = Promise.withResolvers<void>();
    const large = new Uint8Array(300_000);
    const streams: Core = () =>
      new Response(
        new ReadableStream({
          async pull(controller) {
            controller.enqueue(large);
            await rest.promise;
            controller.close();
          },
        }, { highWaterMark: 0 }),
      );
    await using fleet = cores({ a: holds("x"), b: holds("y") });
    const { held, up, wait, ask } = fleet;
    await up();
    held.b = streams;
    const answer = await ask("b");
    held.b = refuses;
    await wait(6_000);
    assertEquals(await up(), "a");
    rest.resolve();
    assertEquals((await answer.bytes()).length, large.length);
  });

  it("that break in the middle of a short answer have not answered", async () => {
    const breaks = new ReadableStream({
      pull(controller) {
        controller.enqueue(new Uint8Array(10));
        controller.error(new TypeError("connection reset"));
      },
    });
    await using fleet = cores({ a: holds("x"), b: holds("y") });
    const { held, up, ask } = fleet;
    await up();
    held.b = (options) => options.path === "/v1/catalogs" ? refuses(options) : new Response(breaks);
    await assertRejects(() => ask("b"), CoreUnavailableError, "Cannot read the answer");
  });

  it("are given up with the client's own reason when it goes", async () => {
    await using fleet = cores({ a: holds("x"), b: holds("y") });
    const { instances, held, up } = fleet;
    await up();
    held.b = hangs;
    const gone = new AbortController();
    const asked = instances.ask("b", { path: "/v1/query", signal: gone.signal });
    gone.abort(new Error("bye"));
    await assertRejects(() => asked, Error, "bye");
    assertEquals(await up(), "ab");
  });

  it("count what runs on them: of others as they told, of this edge by the request", async () => {
    const report = { archive: "a", catalogs: { x: 1 }, surveys: {}, running: 7 };
    const busy: Core = (options) =>
      options.path === "/v1/catalogs" ? Response.json(report) : hangs(options);
    await using fleet = cores({ a: busy, b: busy });
    const { instances } = fleet;
    await instances.known();
    const gone = new AbortController();
    const asked = instances.ask("b", { path: "/v1/query", signal: gone.signal });
    assertEquals((await instances.known()).map(({ load }) => load), [7, 8]);
    gone.abort();
    await asked.catch(() => {});
    assertEquals((await instances.known()).map(({ load }) => load), [7, 7]);
  });

  it("tell whether any is well", async () => {
    await using one = cores({ a: refuses, b: holds() });
    assertEquals(await one.instances.isAnyHealthy(), true);
    await using none = cores({ a: refuses, b: refuses });
    assertEquals(await none.instances.isAnyHealthy(), false);
    await using single = cores({ a: refuses });
    assertEquals(await single.instances.isAnyHealthy(), false);
    single.held.a = holds();
    assertEquals(await single.instances.isAnyHealthy(), true);
  });

  it("take an answer that makes no sense for none", async () => {
    await using fleet = cores({ a: () => Response.json({ catalogs: 1 }), b: holds() });
    const { up } = fleet;
    assertEquals(await up(), "b");
  });
});
