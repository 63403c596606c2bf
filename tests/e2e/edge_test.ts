/** What only shows on a wire: streams, disconnections, compression. Client, edge, core, MongoDB. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { type CommandStartedEvent, type Db, type Document, MongoClient } from "mongodb";
import { accessRules, startApi, type TestApi } from "../support/api.ts";
import { archiveView } from "../../core/archive/view.ts";
import { until } from "../support/until.ts";

const DOCUMENTS = 4_000;
/** Not to be compressed away. */
const BYTES_EACH = 10_000;

let api: TestApi;
let watched: MongoClient;
let db: Db;
const commands: CommandStartedEvent[] = [];

before(async () => {
  watched = new MongoClient(await databaseUri(), { monitorCommands: true });
  watched.on("commandStarted", (event) => commands.push(event));
  api = await startApi({
    view: (principal, request) =>
      archiveView(db, principal, accessRules, { ...request, comment: principal.name }),
  });
  db = watched.db(api.database.name);
  const text = crypto.getRandomValues(new Uint8Array(BYTES_EACH * 3 / 4)).toBase64();
  const documents = Array.from({ length: DOCUMENTS }, (_, i) => ({ i, text }));
  await db.collection<Document>("large").insertMany(documents);
  commands.length = 0;
});
after(async () => {
  await watched.close();
  await api[Symbol.asyncDispose]();
});

async function databaseUri(): Promise<string> {
  const { mongoUri } = await import("../support/mongo.ts");
  return await mongoUri();
}

async function askAll(signal?: AbortSignal, headers: Record<string, string> = {}) {
  return await fetch(`${api.edge.url}/api/queries`, {
    method: "POST",
    headers: { authorization: await api.token(), ...headers },
    body: JSON.stringify({ query_type: "find", query: { catalog: "large", filter: {} } }),
    ...signal && { signal },
  });
}

/** On the server, whether a command is reading from them or nobody is. */
async function openCursors(): Promise<number> {
  const found = await api.database.client.db("admin").aggregate([
    { $currentOp: { idleCursors: true } },
    { $match: { ns: `${api.database.name}.large`, "cursor.cursorId": { $exists: true } } },
  ]).toArray();
  return found.length;
}

const sent = (name: string) => commands.filter(({ commandName }) => commandName === name).length;

describe("a large answer", () => {
  it("begins before the archive has been read to the end, and is whole", async () => {
    commands.length = 0;
    const response = await askAll(undefined, { "accept-encoding": "identity" });
    const reader = response.body!.getReader();
    const first = await reader.read();
    assert(first.value!.length > 0);
    // 4,000 documents are 14 replies of MongoDB, and about what is read is fetched.
    await until(() => sent("getMore") >= 1);
    assert(sent("getMore") <= 8, `${sent("getMore")}`);
    const chunks = [first.value!];
    for (let step = await reader.read(); !step.done; step = await reader.read()) {
      chunks.push(step.value);
    }
    const answer = await new Response(new Blob(chunks)).json();
    assertEquals(answer.data.map(({ i }: { i: number }) => i).at(-1), DOCUMENTS - 1);
    assertEquals(answer.data.length, DOCUMENTS);
    assert(sent("getMore") >= 13);
  });

  it("is compressed for a client that can read it, and whole", async () => {
    const response = await askAll(undefined, { "accept-encoding": "gzip" });
    const answer = await response.json();
    assertEquals(response.headers.get("vary"), "accept-encoding");
    assertEquals(answer.data.length, DOCUMENTS);
  });

  it("is given up when the client goes: its cursor is killed on the server", async () => {
    const gone = new AbortController();
    const response = await askAll(gone.signal, { "accept-encoding": "identity" });
    const reader = response.body!.getReader();
    await reader.read();
    assertEquals(await openCursors(), 1);
    commands.length = 0;
    gone.abort();
    await until(() => sent("killCursors") > 0);
    await until(async () => await openCursors() === 0);
    assertEquals(api.errors, []);
  });
});

describe("a long query", () => {
  it("is ended on the server when the client goes", async () => {
    const gone = new AbortController();
    const cross = { $lookup: { from: "large", let: {}, pipeline: [], as: "x" } };
    const pipeline = [{ $project: { i: 1 } }, cross, { $match: { "x.i": -1 } }];
    const asked = fetch(`${api.edge.url}/api/queries`, {
      method: "POST",
      headers: { authorization: await api.token() },
      body: JSON.stringify({ query_type: "aggregate", query: { catalog: "large", pipeline } }),
      signal: gone.signal,
    });
    asked.catch(() => {});
    const isRunning = async () => {
      const found = await api.database.client.db("admin").aggregate([
        { $currentOp: {} },
        { $match: { ns: `${api.database.name}.large`, "command.aggregate": "large" } },
      ]).toArray();
      return found.length > 0;
    };
    await until(isRunning);
    gone.abort();
    await until(async () => !await isRunning());
    assertEquals(api.errors, []);
  });
});

describe("the ports", () => {
  it("of core and edge answer health without a token", async () => {
    for (const path of ["/health", "/health/live", "/health/ready", "/metrics"]) {
      const response = await fetch(api.coreUrl + path);
      assertEquals(response.status, 200);
      await response.body?.cancel();
    }
    assertEquals(await (await fetch(`${api.edge.url}/healthz`)).json(), { status: "ok" });
  });

  it("of the core trust nobody with a user's token", async () => {
    const response = await fetch(`${api.coreUrl}/v1/query`, {
      method: "POST",
      headers: { authorization: await api.token() },
      body: JSON.stringify({ query_type: "find", query: { catalog: "large", filter: {} } }),
    });
    assertEquals(response.status, 401);
    await response.body?.cancel();
  });
});
