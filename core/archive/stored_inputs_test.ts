/** Archived alerts as filters see them: the same in memory as by MongoDB's own stages. */
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { BSON, type Db, type Document as BsonDocument } from "mongodb";
import ztf from "../../catalogs/live/ztf.ts";
import { type StoredAlert, storedAlerts } from "../../tests/support/filter_inputs.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { type Document, toNumber } from "../contract/document.ts";
import { readDocuments } from "./bson_read.ts";
import { writeDocument } from "./bson_write.ts";
import { readInputs, storedInputs } from "./stored_inputs.ts";

const signal = new AbortController().signal;

let test: TestDatabase;
let db: Db;
let stored: readonly StoredAlert[];
let candids: (number | bigint)[];
beforeAll(async () => {
  test = await testDatabase();
  db = test.client.db(test.name);
  stored = storedAlerts({ simulated: 150, real: true });
  candids = stored.map(({ alert }) => alert.candid as number | bigint);
  await put("ZTF_alerts", stored.map(({ alert }) => alert));
  const aux = new Map(stored.map(({ aux }) => [String(aux._id), aux]));
  await put("ZTF_alerts_aux", [...aux.values()]);
});
afterAll(() => test[Symbol.asyncDispose]());

/** With the number types that they have in memory. */
async function put(name: string, documents: readonly Document[]): Promise<void> {
  await db.collection(name).insertMany(
    documents.map((each) => BSON.deserialize(writeDocument(each), { promoteValues: false })),
  );
}

async function inMemory(permissions: readonly number[], isAsOf: boolean): Promise<Document[]> {
  const which = { survey: ztf, permissions, isAsOf };
  return byCandid((await Array.fromAsync(readInputs(db, which, candids, signal))).flat());
}

function byCandid(inputs: readonly Document[]): Document[] {
  return inputs.toSorted((a, b) => (a.candid as bigint < (b.candid as bigint) ? -1 : 1));
}

describe("readInputs()", () => {
  for (const permissions of [[1, 2, 3], [1], [2]]) {
    it(`gives what MongoDB's stages give, to who may see ${permissions}`, async () => {
      const raw = await db.collection("ZTF_alerts").aggregate(
        storedInputs(ztf, permissions, { candid: { $in: candids } }) as BsonDocument[],
        { raw: true },
      ).toArray();
      const there = byCandid(readDocuments(raw as unknown as Uint8Array[]));
      assert(there.length > 0);
      const here = await inMemory(permissions, true);
      assertEquals(here.map(({ candid }) => candid), there.map(({ candid }) => candid));
      // One by one: to tell a difference in all of them at once would take minutes.
      here.forEach((input, i) => assertEquals(input, there[i]));
    });
  }

  it("cuts light curves at the alert's time, and only where it is told to", async () => {
    const [cut, whole] = [await inMemory([1, 2, 3], true), await inMemory([1, 2, 3], false)];
    assertEquals(cut.length, stored.length);
    let [earlier, later] = [0, 0];
    cut.forEach(({ candidate, prv_candidates }, i) => {
      const jd = toNumber((candidate as Document).jd);
      const jds = (curve: unknown) => ((curve ?? []) as Document[]).map(({ jd }) => toNumber(jd));
      const all = jds(whole[i]!.prv_candidates);
      assertEquals(jds(prv_candidates), all.filter((each) => each < jd));
      earlier += jds(prv_candidates).length;
      later += all.length - jds(prv_candidates).length;
    });
    // The later alerts of an object brought points that the earlier ones had not.
    assert(earlier > 0 && later > 0, `${earlier} and ${later}`);
  });

  it("reads no alert that isn't asked for, and stops when it is told to", async () => {
    const which = { survey: ztf, permissions: [1, 2, 3], isAsOf: true };
    const one = await Array.fromAsync(readInputs(db, which, candids.slice(0, 1), signal));
    assertEquals(one.flat().map(({ candid }) => candid), candids.slice(0, 1));
    await assertRejects(() =>
      Array.fromAsync(readInputs(db, which, candids, AbortSignal.abort(new Error("over"))))
    );
  });
});
