/** Alerts of one night behind the whole chain, and people with different rights: for tests of filters and labels. */
import { assertEquals } from "@std/assert";
import { BSON, type Db, type Document } from "mongodb";
import { startApi, type TestApi } from "./api.ts";

const { Double, Long } = BSON;

/** Of the first of six alerts; the others count on from it. */
export const CANDID = 2475433850015015001n;
/** When the first was taken; each is a tenth of a day after the one before it. */
export const JD = 2460229.25;
export const catalog = "ZTF_alerts";

export interface Person {
  readonly username: string;
  readonly password: string;
}
/** Keep filters: one for all programids, one for public alerts only. */
export const skyportal: Person = { username: "skyportal", password: "a password of skyportal" };
export const narrow: Person = { username: "narrow", password: "a password of narrow" };
/** Look at alerts: all of them, or public ones. */
export const partner: Person = { username: "partner", password: "a password of a partner" };
export const guest: Person = { username: "guest", password: "a password of a guest" };

export interface Reply {
  readonly status: number;
  // deno-lint-ignore no-explicit-any -- What a client makes of the JSON is what a test is about.
  readonly body: any;
  readonly text: string;
}

export interface FilterApi extends AsyncDisposable {
  readonly api: TestApi;
  readonly db: Db;
  send(method: string, path: string, body?: unknown, person?: Person): Promise<Reply>;
  /** Has to be answered with 200. */
  ok(method: string, path: string, body?: unknown, person?: Person): Promise<Reply>;
  /** Has to be refused with 400 and a message that holds this one. */
  refused(
    message: string,
    method: string,
    path: string,
    body?: unknown,
    person?: Person,
  ): Promise<Reply>;
  /** How many filters MongoDB tries out at this moment. */
  trialsRunning(): Promise<number>;
}

/** Saves a filter and gives its path. */
export async function savedFilter(
  filters: FilterApi,
  body: { readonly filter_id: number },
): Promise<string> {
  await filters.ok("POST", "/api/filters", body);
  return `/api/filters/${body.filter_id}`;
}

/** Bodies of filters, each with an id of its own from `firstId` on. */
export function filterMaker(firstId: number) {
  let id = firstId;
  return (more: Record<string, unknown> = {}) => ({
    filter_id: id++,
    group_id: 3,
    catalog,
    permissions: [1],
    pipeline: [{ $match: { "candidate.drb": { $gt: 0.5 } } }] as unknown,
    ...more,
  });
}

/** An `auto_followup` with this pipeline. */
export function followupMaker(pipeline: unknown) {
  return (allocation_id: unknown, priority_order?: string) => ({
    active: true,
    allocation_id,
    pipeline,
    payload: { priority: 1 },
    ...priority_order && { priority_order },
  });
}

export async function startFilterApi({ alerts = true } = {}): Promise<FilterApi> {
  const api = await startApi();
  const db = api.database.client.db(api.database.name);
  if (alerts) {
    await db.collection<Document>(catalog).insertMany([0, 1, 2, 3, 4, 5].map(alertOf));
    await db.collection<Document>(`${catalog}_aux`).insertMany([auxOf("a"), auxOf("b")]);
  }

  async function send(method: string, path: string, body?: unknown, person?: Person) {
    const response = await fetch(`${api.edge.url}${path}`, {
      method,
      headers: { authorization: await api.token(person) },
      ...body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) },
    });
    const text = await response.text();
    return { status: response.status, text, body: JSON.parse(text) };
  }
  const told: FilterApi = {
    api,
    db,
    send,
    async ok(...request) {
      const reply = await send(...request);
      assertEquals([reply.status, reply.body.status], [200, "success"], reply.text);
      return reply;
    },
    async refused(message, ...request) {
      const reply = await send(...request);
      assertEquals([reply.status, reply.body.status], [400, "error"], reply.text);
      assertEquals(reply.body.message.includes(message), true, reply.text);
      assertEquals(api.errors, []);
      return reply;
    },
    async trialsRunning() {
      const running = await api.database.client.db("admin").aggregate([
        { $currentOp: {} },
        { $match: { ns: `${db.databaseName}.${catalog}`, "command.comment": "filter trial" } },
      ]).toArray();
      return running.length;
    },
    [Symbol.asyncDispose]: () => api[Symbol.asyncDispose](),
  };
  const add = (person: Person, roles: string[], programids: number[]) =>
    told.ok("POST", "/api/users", { ...person, roles, programids });
  await add(skyportal, ["service"], [1, 2, 3]);
  await add(narrow, ["service"], [1]);
  await add(partner, ["user"], [1, 2, 3]);
  await add(guest, ["user"], [1]);
  return told;
}

/** The last one is of programid 2; two objects take turns. */
function alertOf(i: number): Document {
  return {
    candid: Long.fromBigInt(CANDID + BigInt(i)),
    objectId: `ZTF18abc${"ab"[i % 2]}`,
    schemavsn: "4.01",
    candidate: {
      programid: i === 5 ? 2 : 1,
      jd: new Double(JD + i / 10),
      magpsf: new Double(17 + i),
      drb: 0.1 * i,
    },
    cutoutScience: { fileName: "a.fits.gz", stampData: new BSON.Binary(new Uint8Array(3)) },
  };
}

/** Earlier and later than the alerts, one point that few may see, forced photometry. */
function auxOf(object: string): Document {
  const point = (days: number, programid: number) => ({ jd: new Double(JD + days), programid });
  return {
    _id: `ZTF18abc${object}`,
    cross_matches: {},
    prv_candidates: [point(-400, 1), point(-1, 1), point(-0.5, 2), point(0.25, 1), point(2, 1)],
    fp_hists: [
      { ...point(-0.1, 1), procstatus: "0" },
      { ...point(-0.1, 1), procstatus: "61" },
      { ...point(3, 1), procstatus: "0" },
    ],
  };
}
