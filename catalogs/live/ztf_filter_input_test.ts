/** Holds what filters see in memory to what a real MongoDB gives for the same stored documents. */
import { BSON } from "mongodb";
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import fc from "fast-check";
import { readDocument } from "../../core/archive/bson_read.ts";
import { type Document, Double, ObjectId } from "../../core/contract/document.ts";
import { decodePacket } from "../../core/pipeline/decode.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { noSamples, samplePackets } from "../../tests/support/samples.ts";
import ztf from "./ztf.ts";

interface Stored {
  readonly alert: Document;
  readonly aux: Document | undefined;
}

const PERMISSIONS = [[], [1], [2], [1, 2, 3], [0, 3]];

/** An alert on which nothing is remarkable, but for what a test puts into it. */
function stored(n: number, aux: Document | undefined, alert: Document = {}): Stored {
  const objectId = `ZTF26${String(n).padStart(7, "a")}`;
  return {
    alert: {
      _id: new ObjectId(),
      schemavsn: "4.01",
      publisher: "a test",
      objectId,
      candid: 2475433850000000000n + BigInt(n),
      candidate: { jd: 2460229.9338542, fid: 1, programid: 1, drb: null, magpsf: new Double(18) },
      cutoutScience: { fileName: "a", stampData: new Uint8Array(3) },
      cutoutTemplate: null,
      cutoutDifference: { fileName: "b", stampData: new Uint8Array(3) },
      coordinates: { l: new Double(3) },
      classifications: { braai: 0.5, braai_version: "d6_m9" },
      ...alert,
    },
    aux: aux && { _id: objectId, ...aux },
  };
}

const JD = 2460229.9338542;
const jd = fc.constantFrom(
  JD,
  JD - 365,
  JD - 364.9999,
  JD - 365.0001,
  JD + 400,
  new Double(2460229),
  2460229,
  2459864,
  2459865n,
  NaN,
  Infinity,
  -Infinity,
  null,
  undefined,
);
const programid = fc.constantFrom(
  0,
  1,
  2,
  3,
  new Double(1),
  2n,
  1.5,
  NaN,
  "1",
  true,
  null,
  undefined,
);
const procstatus = fc.constantFrom("0", "61", 0, new Double(0), null, undefined);
const item = fc.oneof(
  { weight: 9, arbitrary: fc.record({ fid: fc.nat(3), jd, programid, procstatus }) },
  { weight: 1, arbitrary: fc.constantFrom(null, 5, "text", {}) },
);
const curve = fc.oneof(
  { weight: 4, arbitrary: fc.array(item, { maxLength: 8 }) },
  { weight: 1, arbitrary: fc.constantFrom(null, undefined) },
);
const pair = fc.record({
  aux: fc.option(
    fc.record({
      cross_matches: fc.constantFrom(
        { AllWISE: [], CLU: [{ z: new Double(0) }] },
        {},
        null,
        undefined,
      ),
      prv_candidates: curve,
      fp_hists: curve,
    }),
    { nil: undefined },
  ),
  candidate: fc.oneof(
    { weight: 4, arbitrary: fc.record({ jd: fc.constant(JD), programid: fc.constant(1) }) },
    { weight: 1, arbitrary: fc.record({ jd, programid }) },
  ),
});

describe("ztf.toFilterInput()", () => {
  let db: TestDatabase;
  beforeAll(async () => {
    db = await testDatabase();
  });
  afterAll(() => db[Symbol.asyncDispose]());

  /** Stores them, and compares for all permissions, byte for byte. */
  async function assertSameAsMongo(documents: readonly Stored[]): Promise<number> {
    const { alerts, aux } = ztf.collections;
    const database = db.client.db(db.name);
    await database.dropDatabase();
    const options = { ignoreUndefined: true };
    await database.collection(alerts).insertMany(documents.map(({ alert }) => alert), options);
    const objects = documents.flatMap((each) => each.aux ?? []);
    if (objects.length > 0) await database.collection(aux).insertMany(objects as never[], options);

    const read = async (collection: string, key: string) => {
      const raw = await database.collection(collection).find({}, { raw: true }).toArray();
      const all = raw.map((bytes) => readDocument(bytes as unknown as Uint8Array));
      return new Map(all.map((document) => [document[key], document]));
    };
    const storedAlerts = await read(alerts, "candid");
    const storedAux = await read(aux, "_id");

    let seen = 0;
    for (const permissions of PERMISSIONS) {
      const stages = ztf.upstream([...storedAlerts.keys()] as bigint[], permissions);
      const theirs = new Map<unknown, Uint8Array>();
      for await (
        const raw of database.collection(alerts).aggregate(stages, { raw: true, batchSize: 1e6 })
      ) {
        const bytes = raw as unknown as Uint8Array;
        theirs.set(readDocument(bytes).candid, bytes);
      }
      for (const [candid, alert] of storedAlerts) {
        const ours = ztf.toFilterInput(alert, storedAux.get(alert.objectId), permissions);
        const expected = theirs.get(candid);
        if (!expected) {
          assertEquals(ours, null);
          continue;
        }
        assertEquals(ours, readDocument(expected));
        assertEquals(Object.keys(ours!), Object.keys(readDocument(expected)));
        assertEquals(hex(BSON.serialize(ours!)), hex(expected));
        seen++;
      }
    }
    return seen;
  }

  it("gives what MongoDB gives for samples", { skip: noSamples }, async () => {
    const documents = [...samplePackets("ztf").values()].map((bytes): Stored => {
      const alert = ztf.toAlert(decodePacket(bytes)[0]!);
      return {
        alert: { _id: new ObjectId(), ...alert.document, classifications: {} },
        aux: {
          _id: `${alert.objectId} ${alert.candid}`, // One object has two alerts here.
          cross_matches: { AllWISE: [] },
          prv_candidates: alert.prvCandidates,
          ...alert.keepsForcedPhotometry && { fp_hists: alert.fpHists },
        },
      };
    });
    for (const { alert, aux } of documents) alert.objectId = aux!._id;
    assertEquals(await assertSameAsMongo(documents), 50);
  });

  it("gives what MongoDB gives for light curves that are not there", async () => {
    const item = { jd: JD - 1, programid: 1, procstatus: "0" };
    const auxes = [
      undefined,
      {},
      { cross_matches: {} },
      { cross_matches: { a: [] }, prv_candidates: [item] },
      { cross_matches: null, prv_candidates: null, fp_hists: null },
      { prv_candidates: [], fp_hists: [] },
      { fp_hists: [item], prv_candidates: [item], cross_matches: {}, other: 1 },
    ];
    const documents = auxes.map((aux, n) => stored(n, aux));
    assertEquals(await assertSameAsMongo(documents), 2 * auxes.length);
    const [without] = documents;
    const seen = ztf.toFilterInput(without!.alert, undefined, [1])!;
    assertEquals([seen.prv_candidates, seen.fp_hists, "cross_matches" in seen], [
      null,
      null,
      false,
    ]);
  });

  it("gives what MongoDB gives for alerts with other fields, or their fields in another order", async () => {
    const { alert } = stored(0, undefined);
    const backwards = Object.fromEntries(Object.entries(alert).toReversed());
    assertEquals(
      await assertSameAsMongo([
        stored(1, {}, { ...backwards, candid: 1, objectId: "ZTF26aaaaaa1" }),
        stored(2, {}, { future: { a: 1 }, candid: 2 }),
        { alert: { objectId: "x", candid: 3, candidate: { programid: 1 } }, aux: undefined },
      ]),
      6,
    );
  });

  it("gives what MongoDB gives for times and permissions of any kind", async () => {
    const pairs = fc.sample(pair, { numRuns: 400, seed: 20231012 });
    const documents = pairs.map(({ aux, candidate }, n) => stored(n, aux, { candidate }));
    assert(await assertSameAsMongo(documents) > 400);
  });
});

function hex(bytes: Uint8Array): string {
  return bytes.reduce((text, byte) => text + byte.toString(16).padStart(2, "0"), "");
}
