/** Four alerts behind the whole chain, and what queries to them give: for tests of queries. */
import { assert, assertEquals } from "@std/assert";
import { BSON, type Db, type Document } from "mongodb";
import { startApi, type TestApi } from "./api.ts";

const { Double, Long, ObjectId } = BSON;

/** Of the first of the alerts; the others count on from it. */
export const CANDID = 1127561445515015011n;
export const OID = "6b047a3e35fc5308ccddad54";
export const catalog = "ZTF_alerts";
/** What tells the alerts apart: `ZTF18abca` to `ZTF18abcd`. */
export const projection = { _id: 0, objectId: 1 };

export interface Answer {
  readonly status: number;
  readonly body: { status: string; message: string; data?: unknown };
  readonly text: string;
}

export interface QueryApi extends AsyncDisposable {
  readonly api: TestApi;
  ask(body: unknown): Promise<Answer>;
  /** The data of a query that has to succeed. */
  data(query_type: string, query: unknown, kwargs?: unknown): Promise<unknown>;
  /** The last letters of the objects that come out, in their order. */
  names(query_type: string, query: unknown, kwargs?: unknown): Promise<string>;
  /** Has to be refused with 400 and a message that holds this one. */
  refused(message: string, query_type: string, query: unknown, kwargs?: unknown): Promise<void>;
}

/** The skymap `map` of 2023-06-23T15:42:26: within its contour of 90 % are all alerts. */
export async function storeSquareMap(db: Db): Promise<void> {
  const ring = [[-134, 8], [-132, 8], [-132, 10], [-134, 10], [-134, 8]];
  await db.collection("skymaps").insertOne({
    localization_name: "map",
    dateobs: new Date("2023-06-23T15:42:26Z"),
    contours: { contour90: { type: "MultiPolygon", coordinates: [[ring]] } },
  });
}

export async function startQueryApi(): Promise<QueryApi> {
  const api = await startApi();
  const db = api.database.client.db(api.database.name);
  const insert = (name: string, documents: Document[]) =>
    db.collection<Document>(name).insertMany(documents);
  await insert(catalog, [0, 1, 2, 3].map(alert));
  await db.collection(catalog).createIndex({ candid: -1 }, { name: "candid" });
  await insert("Gaia", [{ _id: 9007199254740993n, mag: 1 }] as Document[]);

  async function ask(body: unknown): Promise<Answer> {
    const response = await api.query(body);
    const text = await response.text();
    return { status: response.status, text, body: JSON.parse(text) };
  }
  async function data(query_type: string, query: unknown, kwargs?: unknown): Promise<unknown> {
    const { status, body } = await ask({ query_type, query, ...kwargs ? { kwargs } : {} });
    const envelope = [status, body.status, body.message];
    assertEquals(envelope, [200, "success", "Successfully executed query"], JSON.stringify(body));
    return body.data;
  }
  return {
    api,
    ask,
    data,
    async names(query_type, query, kwargs) {
      const found = await data(query_type, query, kwargs) as { objectId: string }[];
      return found.map(({ objectId }) => objectId.at(-1)).join("");
    },
    async refused(message, query_type, query, kwargs) {
      const { status, body } = await ask({ query_type, query, ...kwargs ? { kwargs } : {} });
      assertEquals([status, body.status], [400, "error"], JSON.stringify(body));
      assert(body.message.includes(message), body.message);
      assertEquals(api.errors, []);
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
}

function alert(i: number): Document {
  return {
    _id: i === 0 ? new ObjectId(OID) : new ObjectId(),
    candid: Long.fromBigInt(CANDID + BigInt(i)),
    objectId: `ZTF18abc${"abcd"[i]}`,
    candidate: {
      programid: i === 3 ? 2 : 1,
      jd: new Double(2460000 + i),
      magpsf: i === 2 ? NaN : 17.5 + i,
      drb: 0.1 * i,
    },
    seen: new Date(Date.UTC(2023, 5, 23, 15, 42, 26, 123 * i)),
    coordinates: { radec_geojson: { type: "Point", coordinates: [-133 + i * 1e-4, 9.36] } },
  };
}
