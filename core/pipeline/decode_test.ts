import { Buffer } from "node:buffer";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import { Double } from "../contract/document.ts";
import { RejectError } from "../contract/survey.ts";
import { noSamples, samplePackets } from "../../tests/support/samples.ts";
import { DecodeError, decodePacket } from "./decode.ts";
import {
  ALERT_RECORD,
  ALERT_SCHEMA,
  avscType,
  containerOf,
  long,
  packetOf,
} from "./packets_for_tests.ts";

const packet = packetOf(ALERT_SCHEMA, [ALERT_RECORD]);

function record(fields: unknown[], name = "made.record") {
  return { type: "record", name, fields };
}

describe("decodePacket()", () => {
  it("gives plain objects in the schema's order, numbers by the convention", () => {
    const [alert, ...others] = decodePacket(packet);
    assertEquals(others, []);
    assertEquals(alert, {
      publisher: "a test, with an ä",
      objectId: "ZTF26aaaaaab",
      candid: 2475433850015010009n,
      candidate: {
        jd: 2460229.9338542,
        fid: 1,
        magpsf: new Double(-999),
        isdiffpos: true,
        tblid: null,
      },
      prv_candidates: [
        { jd: 2460228.75, fid: 1, magpsf: new Double(-999), isdiffpos: true, tblid: 7 },
        {
          jd: new Double(2460229),
          fid: -2,
          magpsf: new Double(-999),
          isdiffpos: false,
          tblid: 5_000_000_000n,
        },
      ],
      cutoutScience: { fileName: "a.fits.gz", stampData: new Uint8Array([1, 2, 3]) },
    });
    assertEquals(Object.keys(alert!), ALERT_SCHEMA.fields.map(({ name }) => name));
  });

  it("reads codec deflate, several blocks, and several records in each", () => {
    const records = [1n, 2n, 3n, 4n, 5n].map((candid) => ({ ...ALERT_RECORD, candid }));
    for (const codec of ["null", "deflate"]) {
      const bytes = packetOf(ALERT_SCHEMA, records, { codec, recordsPerBlock: 2 });
      assertEquals(decodePacket(bytes).map(({ candid }) => candid), [1, 2, 3, 4, 5]);
    }
  });

  it("reads a packet that lies anywhere in its buffer", () => {
    const around = Buffer.concat([Buffer.alloc(13), packet, Buffer.alloc(5)]);
    const inside = new Uint8Array(around.buffer, around.byteOffset + 13, packet.length);
    assertEquals(decodePacket(inside), decodePacket(packet));
  });

  it("reads every long exactly, int32 as a number and wider ones as bigint", () => {
    const schema = record([{ name: "value", type: "long" }]);
    fc.assert(fc.property(fc.bigInt({ min: -(2n ** 63n), max: 2n ** 63n - 1n }), (value) => {
      const [decoded] = decodePacket(packetOf(schema, [{ value }]));
      const fits = value >= -(2n ** 31n) && value < 2n ** 31n;
      assertEquals(decoded!.value, fits ? Number(value) : value);
    }));
  });

  it("reads enum, fixed, map, unions of one and of three branches", () => {
    const schema = record([
      { name: "band", type: { type: "enum", name: "made.band", symbols: ["g", "r"] } },
      { name: "hash", type: { type: "fixed", name: "made.hash", size: 2 } },
      { name: "notes", type: { type: "map", values: "string" } },
      { name: "sign", type: ["float"] },
      { name: "any", type: ["null", "string", "boolean"] },
    ]);
    const value = { band: "r", hash: Buffer.from([7, 8]), notes: { a: "b" }, sign: 0.5, any: true };
    assertEquals(decodePacket(packetOf(schema, [value])), [
      { band: "r", hash: new Uint8Array([7, 8]), notes: { a: "b" }, sign: 0.5, any: true },
    ]);
  });

  it("takes schemas whose defaults have the wrong type", () => {
    const schema = record([{ name: "flag", type: ["null", "int"] }, { name: "n", type: "int" }]);
    const wrong = record([
      { name: "flag", type: ["null", "int"], default: 0 },
      { name: "n", type: "int", default: null },
    ]);
    const bytes = packetOf(schema, [{ flag: 3, n: 4 }], { schemaText: JSON.stringify(wrong) });
    assertEquals(decodePacket(bytes), [{ flag: 3, n: 4 }]);
  });

  it("gives a field that is declared twice its first place and its last value", () => {
    const wire = record([
      { name: "mag", type: "int" },
      { name: "other", type: "int" },
      { name: "mag2", type: "int" },
    ]);
    const schemaText = JSON.stringify(wire).replace("mag2", "mag");
    const [decoded] = decodePacket(packetOf(wire, [{ mag: 1, other: 2, mag2: 3 }], { schemaText }));
    assertEquals(Object.entries(decoded!), [["mag", 3], ["other", 2]]);
  });

  it("knows a type by its name, whether its namespace is apart or in the name", () => {
    const part = { type: "record", name: "part", namespace: "made", fields: [] as unknown[] };
    part.fields.push({ name: "n", type: "int" });
    const schema = {
      ...record([
        { name: "a", type: part },
        { name: "b", type: "made.part" },
        { name: "c", type: "part" },
      ]),
      name: "alert",
      namespace: "made",
    };
    const value = { a: { n: 1 }, b: { n: 2 }, c: { n: 3 } };
    assertEquals(decodePacket(packetOf(schema, [value])), [value]);
  });

  for (const [survey, names] of [["ztf", 25], ["pgir", 9], ["wntr", 6], ["turbo", 6]] as const) {
    it(`gives what avsc gives for every sample of ${survey}`, { skip: noSamples }, () => {
      const packets = samplePackets(survey);
      assertEquals(packets.size, names);
      for (const [name, bytes] of packets) {
        const [ours, ...others] = decodePacket(bytes);
        assertEquals(others, [], name);
        assertEquals(loosened(ours), loosened(byAvsc(bytes)), name);
      }
    });
  }
});

/** The record as avsc reads it, with the schema made valid by another way than ours. */
function byAvsc(bytes: Uint8Array): unknown {
  const file = Buffer.from(bytes);
  const header = avscType({ type: "map", values: "bytes" });
  const { value, offset } = header.decode(file, 4);
  const metadata = value as Record<string, Buffer>;
  let again = 0;
  const schema = JSON.parse(metadata["avro.schema"]!.toString(), function (key, part) {
    if (key === "default") return undefined;
    if (key !== "fields") return part;
    const names: string[] = part.map((field: { name: string }) => field.name);
    return part.map((field: { name: string }, i: number) =>
      names.indexOf(field.name) < i ? { ...field, name: `${field.name}_twin${again++}` } : field
    );
  });
  const type = avscType(schema);
  const numbers = avscType("long");
  const { offset: sizeAt } = numbers.decode(file, offset + 16);
  const { value: size, offset: start } = numbers.decode(file, sizeAt);
  return type.fromBuffer(file.subarray(start, start + Number(size)));
}

/** Without what avsc tells in another way: bigints for all longs, its own classes, twins apart. */
function loosened(value: unknown): unknown {
  if (typeof value === "bigint") return value.toString();
  if (typeof value === "number") return String(value);
  if (value instanceof Double) return String(value.value);
  if (value instanceof Uint8Array) return Buffer.from(value).toString("base64");
  if (Array.isArray(value)) return value.map(loosened);
  if (typeof value !== "object" || value === null) return value;
  return Object.fromEntries(
    Object.entries(value).map(([key, each]) => [key.replace(/_twin\d+$/, ""), loosened(each)]),
  );
}

describe("a packet that can't be decoded", () => {
  const numbers = record([{ name: "values", type: { type: "array", items: "int" } }]);

  function assertNotDecoded(bytes: Uint8Array, why: string) {
    assertThrows(() => decodePacket(bytes), DecodeError, why);
    assertThrows(() => decodePacket(bytes), RejectError);
  }

  function oneBlock(schema: unknown, ...content: Uint8Array[]) {
    return containerOf(JSON.stringify(schema), [{ count: 1, content: Buffer.concat(content) }]);
  }

  it("is no container", () => {
    assertNotDecoded(new Uint8Array(0), "beyond the end");
    assertNotDecoded(Buffer.from("not an alert"), "not an Avro object container");
  });

  it("has no schema, one that is no JSON, no record, or against the rules", () => {
    assertNotDecoded(Buffer.from("Obj\x01\x00sixteen bytes..!", "latin1"), "without a schema");
    for (const text of ["{", '"int"', "[]", '{"type":"record"}', '{"type":"recrod","name":"a"}']) {
      assertNotDecoded(containerOf(text, [{ count: 1, content: long(1) }]), "Cannot read");
    }
  });

  it("has a schema that nests without end", () => {
    const text = '{"type":'.repeat(100_000) + '"int"' + "}".repeat(100_000);
    assertNotDecoded(containerOf(text, [{ count: 1, content: long(1) }]), "schema");
  });

  it("has a field that would replace the prototype", () => {
    const schema = record([{ name: "__proto__", type: "int" }]);
    assertNotDecoded(oneBlock(schema, long(1)), "__proto__");
  });

  it("has values that take no bytes, of which a few bytes could hold billions", () => {
    const empty = record([], "made.empty");
    const nothing = { type: "fixed", name: "made.nothing", size: 0 };
    for (const items of ["null", empty, nothing]) {
      const schema = record([{ name: "values", type: { type: "array", items } }]);
      assertNotDecoded(oneBlock(schema, long(1e9), long(0)), "Cannot read a");
    }
  });

  it("has a record that holds itself", () => {
    const schema = record([{ name: "self", type: "made.record" }]);
    assertNotDecoded(oneBlock(schema, long(1)), "Cannot read the packet");
  });

  it("says that an array, a string or a block is longer than the packet", () => {
    for (const count of [5n, 2n ** 40n, 2n ** 62n, -(2n ** 63n)]) {
      assertNotDecoded(oneBlock(numbers, long(count), long(1)), "Cannot read");
    }
    const text = record([{ name: "text", type: "string" }]);
    for (const length of [5n, 2n ** 40n, -1n]) {
      assertNotDecoded(oneBlock(text, long(length)), "Cannot read");
    }
    assertNotDecoded(
      containerOf(JSON.stringify(text), [{ count: 2 ** 40, content: Buffer.alloc(64) }]),
      "beyond the end",
    );
  });

  it("has an integer of over 64 bits, a boolean of 2, an unknown branch, text that isn't UTF-8", () => {
    const one = (type: unknown) => record([{ name: "value", type }]);
    const tooWide = Buffer.from("ffffffffffffffffff02", "hex");
    assertNotDecoded(oneBlock(one("long"), tooWide), "over 64 bits");
    assertNotDecoded(oneBlock(one("long"), Buffer.alloc(11, 0xff)), "over 64 bits");
    assertNotDecoded(oneBlock(one("boolean"), long(1)), "boolean");
    assertNotDecoded(oneBlock(one(["null", "int"]), long(2)), "union");
    assertNotDecoded(oneBlock(one(["null", "int"]), long(-1)), "union");
    assertNotDecoded(oneBlock(one("string"), long(2), Buffer.from([0xc3, 0x28])), "UTF-8");
  });

  it("has no records, or is cut where its first block would begin", () => {
    const withoutBlocks = containerOf(JSON.stringify(numbers), []);
    assertNotDecoded(withoutBlocks, "without records");
    assertNotDecoded(packet.subarray(0, withoutBlocks.length), "Cannot read");
  });

  it("has bytes after its records, after its last block, or the wrong marker", () => {
    assertNotDecoded(oneBlock(numbers, long(0), long(1)), "its records end");
    assertNotDecoded(Buffer.concat([packet, Buffer.from([0])]), "Cannot read");
    const unmarked = Buffer.from(packet);
    unmarked[unmarked.length - 1]! ^= 1;
    assertNotDecoded(unmarked, "marker");
  });

  it("has an unknown codec, or is no deflate stream", () => {
    assertNotDecoded(packetOf(ALERT_SCHEMA, [ALERT_RECORD], { codec: "snappy" }), '"snappy"');
    const deflated = packetOf(ALERT_SCHEMA, [ALERT_RECORD], { codec: "deflate" });
    deflated[deflated.length - 40]! ^= 0xff;
    assertThrows(() => decodePacket(deflated), DecodeError);
  });

  it("unfolds to more than any real packet, at once or block by block", () => {
    const bytes = record([{ name: "zeros", type: "bytes" }]);
    const megabytes = (n: number) => {
      const content = Buffer.concat([long(n * 2 ** 20), Buffer.alloc(n * 2 ** 20)]);
      return { count: 1, content };
    };
    const text = JSON.stringify(bytes);
    assertNotDecoded(containerOf(text, [megabytes(17)], "deflate"), "inflate");
    assertNotDecoded(containerOf(text, [megabytes(9), megabytes(9)], "deflate"), "inflate");
    assertEquals(decodePacket(containerOf(text, [megabytes(3)], "deflate")).length, 1);
  });
});

describe("a damaged packet", () => {
  /** Whatever happens to the bytes, only a `DecodeError` may come of it. */
  function decodesOrRejects(bytes: Uint8Array): "decoded" | "rejected" {
    try {
      assert(decodePacket(bytes).length > 0);
      return "decoded";
    } catch (error) {
      assert(error instanceof DecodeError, String(error));
      return "rejected";
    }
  }

  function damageOf(packets: readonly Uint8Array[]) {
    return fc.constantFrom(...packets).chain((whole) =>
      fc.oneof(
        fc.nat(whole.length - 1).map((length) => whole.slice(0, length)),
        fc.array(fc.tuple(fc.nat(whole.length - 1), fc.nat(7)), { minLength: 1, maxLength: 8 })
          .map((flips) => {
            const bad = whole.slice();
            for (const [at, bit] of flips) bad[at]! ^= 1 << bit;
            return bad;
          }),
        fc.tuple(fc.nat(whole.length - 1), fc.uint8Array({ minLength: 1, maxLength: 32 }))
          .map(([at, noise]) => {
            const bad = whole.slice();
            bad.set(noise.subarray(0, bad.length - at), at);
            return bad;
          }),
      )
    );
  }

  it("is a DecodeError, or still a packet", () => {
    const small = [
      packet,
      packetOf(ALERT_SCHEMA, [ALERT_RECORD, ALERT_RECORD], { codec: "deflate" }),
    ].map((bytes) => new Uint8Array(bytes));
    const outcomes = new Set<string>();
    fc.assert(
      fc.property(damageOf(small), (bytes) => void outcomes.add(decodesOrRejects(bytes))),
      { numRuns: 2_000 },
    );
    assertEquals([...outcomes].sort(), ["decoded", "rejected"]);
  });

  it("is a DecodeError, or still a packet, for real ones", { skip: noSamples }, () => {
    const real = [...samplePackets("ztf").values()];
    fc.assert(
      fc.property(damageOf(real), (bytes) => void decodesOrRejects(bytes)),
      { numRuns: 1_000 },
    );
  });

  it("is a DecodeError when it is noise", () => {
    fc.assert(fc.property(fc.uint8Array({ maxLength: 500 }), (noise) => {
      assertEquals(decodesOrRejects(noise), "rejected");
    }));
  });
});
