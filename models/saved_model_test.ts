// A SavedModel that isn't whole is refused with its reason; a whole one is in `scores_test.ts`.
import { createHash } from "node:crypto";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import fc from "fast-check";
import { noSamples, SAMPLES_DIR } from "../tests/support/samples.ts";
import { crc32c, unmasked } from "./crc32c.ts";
import { architectureOf, type Network, NetworkError } from "./network.ts";
import { readSavedModel } from "./saved_model.ts";

const METADATA = "keras_metadata.pb";
const INDEX = "variables/variables.index";
const DATA = "variables/variables.data-00000-of-00001";
/** Of the index, with room that is never read. */
const FOOTER_BYTES = 48;

describe("readSavedModel", { skip: noSamples }, () => {
  /** The published network, with some of its files as the test wants them. */
  const read = (changed: Record<string, Uint8Array | undefined> = {}) =>
    readSavedModel((path) => Promise.resolve(path in changed ? changed[path] : original(path)));
  const original = (path: string) =>
    Deno.readFileSync(`${SAMPLES_DIR}/models/btsbot_v1.0.1/${path}`);

  it("reads layers, wiring and weights", async () => {
    const network = await read();
    const weighted = network.layers.filter(({ weights }) => weights.size > 0);
    assertEquals(weighted.map(({ type }) => type).sort(), [
      "BatchNormalization",
      ...new Array<string>(4).fill("Conv2D"),
      ...new Array<string>(4).fill("Dense"),
    ]);
    assertEquals(network.inputs.length, 2);
  });

  for (const path of [METADATA, INDEX, DATA]) {
    it(`says that it has no ${path}`, async () => {
      await assertRejects(() => read({ [path]: undefined }), NetworkError, path);
    });

    it(`refuses ${path} wherever it is cut`, async () => {
      const bytes = original(path);
      await fc.assert(
        fc.asyncProperty(fc.nat(bytes.length - 1), async (length) => {
          const outcome = await read({ [path]: bytes.slice(0, length) })
            .then(() => "read", (error) => error);
          // Metadata that is cut between two of its entries has all that is needed in the first.
          const isWhole = path === METADATA && outcome === "read";
          assert(isWhole || outcome instanceof NetworkError, String(outcome));
        }),
        { numRuns: 20 },
      );
    });
  }

  it("refuses an index where any bit of it has changed", async () => {
    const bytes = original(INDEX);
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - FOOTER_BYTES - 1), fc.nat(7), async (at, bit) => {
        const damaged = bytes.slice();
        damaged[at]! ^= 1 << bit;
        await assertRejects(() => read({ [INDEX]: damaged }), NetworkError, "damaged");
      }),
      { numRuns: 20 },
    );
  });

  it("refuses weights where any bit of them has changed", async () => {
    const whole = textOf(await read());
    const bytes = original(DATA);
    let refused = 0;
    await fc.assert(
      fc.asyncProperty(fc.nat(bytes.length - 1), fc.nat(7), async (at, bit) => {
        const damaged = bytes.slice();
        damaged[at]! ^= 1 << bit;
        try {
          // The optimiser's variables are there too: nobody reads those.
          assertEquals(textOf(await read({ [DATA]: damaged })), whole);
        } catch (error) {
          if (!(error instanceof NetworkError)) throw error;
          refused++;
        }
      }),
      { numRuns: 20 },
    );
    assert(refused > 0);
  });
});

/** Tells networks apart by all that they are. */
function textOf(network: Network): string {
  const hash = createHash("sha256").update(architectureOf(network));
  for (const { weights } of network.layers) {
    for (const { data } of weights.values()) hash.update(new Uint8Array(data.buffer));
  }
  return hash.digest("hex");
}

describe("crc32c", () => {
  it("gives the checksum of the standard's example", () => {
    assertEquals(crc32c(new TextEncoder().encode("123456789")), 0xe3069283);
  });

  it("is stored turned right by 15 bits, and shifted", () => {
    const stored = (((0xe3069283 >>> 15) | (0xe3069283 << 17)) + 0xa282ead8) >>> 0;
    assertEquals(unmasked(stored), 0xe3069283);
  });
});
