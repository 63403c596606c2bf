// A packet that kills its worker is found and set aside, and costs the others nothing.
import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import type { IngestReport } from "./contract/ingest.ts";
import type { Packet } from "./contract/packet.ts";
import { ingestShare, type ShareDeps } from "./worker_shares.ts";

const packets = (n: number): Packet[] =>
  Array.from({ length: n }, (_, i) => ({
    bytes: new Uint8Array(),
    topic: "t",
    partition: 0,
    offset: BigInt(i),
    timestampMs: 0,
  }));
const named = (name: string) => Object.assign(new Error("gone"), { name });
const never = new AbortController().signal;

function fake(changes: Partial<ShareDeps> & { poison?: ReadonlySet<bigint> }) {
  const stored: bigint[] = [];
  const aside: bigint[] = [];
  const deps: ShareDeps = {
    run({ packets }) {
      if (packets.some(({ offset }) => changes.poison?.has(offset))) {
        return Promise.reject(named("WorkerLostError"));
      }
      stored.push(...packets.map(({ offset }) => offset));
      return Promise.resolve({ read: packets.length, rejected: 0 } as IngestReport);
    },
    filters: () => ({ version: "1", filters: [] }),
    setAside: ({ offset }) => Promise.resolve(void aside.push(offset)),
    pause: () => Promise.resolve(),
    onRetry: () => {},
    ...changes,
  };
  return { deps, stored, aside };
}

describe("ingestShare()", () => {
  it("finds each packet that kills, whichever they are, and stores all others in order", async () => {
    await fc.assert(fc.asyncProperty(
      fc.integer({ min: 1, max: 40 }),
      fc.uniqueArray(fc.bigInt({ min: 0n, max: 39n }), { maxLength: 5 }),
      async (n, bad) => {
        const poison = new Set(bad.filter((offset) => offset < n));
        const { deps, stored, aside } = fake({ poison });
        const reports = await ingestShare(deps, packets(n), never);
        const offsets = packets(n).map(({ offset }) => offset);
        assertEquals(stored, offsets.filter((offset) => !poison.has(offset)));
        assertEquals(aside, offsets.filter((offset) => poison.has(offset)));
        assertEquals(reports.reduce((sum, { read }) => sum + read, 0), n);
      },
    ));
  });

  it("waits while the archive is away, and halves nothing", async () => {
    let away = 3;
    const sizes: number[] = [];
    const { deps } = fake({
      run({ packets }) {
        sizes.push(packets.length);
        return away-- > 0
          ? Promise.reject(named("ArchiveAwayError"))
          : Promise.resolve({ read: packets.length } as IngestReport);
      },
    });
    await ingestShare(deps, packets(8), never);
    assertEquals(sizes, [8, 8, 8, 8]);
  });

  it("comes again soon while another core is at the same objects", async () => {
    let busy = 9;
    const pauses: number[] = [];
    const { deps } = fake({
      run: ({ packets }) =>
        busy-- > 0
          ? Promise.reject(named("ArchiveBusyError"))
          : Promise.resolve({ read: packets.length } as IngestReport),
      pause: (tries) => Promise.resolve(void pauses.push(tries)),
    });
    await ingestShare(deps, packets(8), never);
    assertEquals(pauses, [0, 1, 2, 3, 3, 3, 3, 3, 3]);
  });

  it("gives up only when it is told to", async () => {
    const stop = new AbortController();
    let tries = 0;
    const { deps } = fake({
      run: () => Promise.reject(named("ArchiveAwayError")),
      pause: () => Promise.resolve(void (++tries === 4 && stop.abort(new Error("told to")))),
    });
    await assertRejects(() => ingestShare(deps, packets(8), stop.signal), Error, "told to");
    assertEquals(tries, 4);
  });

  it("waits for nobody once it is told to give up", async () => {
    const stop = new AbortController();
    let runs = 0;
    const { deps, aside } = fake({
      run() {
        runs++;
        queueMicrotask(() => stop.abort(new Error("told to")));
        return new Promise(() => {}); // A worker that waits for a server.
      },
    });
    await assertRejects(() => ingestShare(deps, packets(8), stop.signal), Error, "told to");
    await assertRejects(() => ingestShare(deps, packets(8), stop.signal), Error, "told to");
    assertEquals([runs, aside], [1, []]);
  });

  it("fails where no worker is left, and blames no packet", async () => {
    const { deps, aside } = fake({ run: () => Promise.reject(named("NoWorkerError")) });
    await assertRejects(() => ingestShare(deps, packets(8), never), Error, "gone");
    assertEquals(aside, []);
  });
});
