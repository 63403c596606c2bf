/** What the API costs: queries through edge and core against the same straight through the driver. */
import { type Db, MongoClient } from "mongodb";
import { startMongo } from "../../deploy/local/mongo.ts";
import { peakMemoryMb } from "./cpu.ts";
import { startBarePrograms, startPrograms } from "./api_programs.ts";
import { ALERTS, type ApiSky, CATALOG, fillSky, LARGE } from "./api_sky.ts";
import { compare, type Latency } from "./latency.ts";
import { LeanClient } from "./lean_client.ts";
import type { BenchResult, Reach } from "./main.ts";

const DATABASE = "kowalski";
/** Many first: when one is alone, all code is warm, as it is on a server. */
const CLIENTS = [64, 8, 1];
const RADIUS_ARCSEC = 5;
const RADIUS_RAD = RADIUS_ARCSEC / 3600 * Math.PI / 180;
/** Of the driver's own finds at once, where one query is many of them: as many as help. */
const FINDS_AHEAD = 8;

interface Operation {
  readonly api: (i: number) => Record<string, unknown>;
  readonly driver: (i: number) => Promise<unknown>;
  /** What the bare programs are asked. */
  readonly bare?: (i: number) => unknown;
}

export async function bench(args: string[]): Promise<BenchResult> {
  const small = args.includes("--small");
  const dir = await Deno.makeTempDir({ prefix: "kowalski-bench-" });
  try {
    await using mongo = await startMongo({ dataDir: `${dir}/mongo`, cacheSizeGB: 2 });
    const client = await new MongoClient(mongo.uri, { maxPoolSize: 64 }).connect();
    try {
      say("inserting alerts and a catalog");
      const db = client.db(DATABASE);
      const sky = await fillSky(db, {
        alerts: small ? 300 : 3_000,
        rows: small ? 20_000 : 500_000,
        largeBytes: small ? 20e6 : 200e6,
      });
      const where = { uri: mongo.uri, database: DATABASE, dir };
      const latencies = await measureLatencies(where, db, sky, small);
      const memory = await measureMemory(where);
      return { figures: { latencies, memory }, reach: reachOf(latencies, memory) };
    } finally {
      await client.close();
    }
  } finally {
    await Deno.remove(dir, { recursive: true });
  }
}

type Latencies = Record<string, Record<string, Record<string, Latency>>>;
type Where = Parameters<typeof startPrograms>[0];

async function measureLatencies(
  where: Where,
  db: Db,
  sky: ApiSky,
  small: boolean,
): Promise<Latencies> {
  await using programs = await startPrograms(where);
  await using barePrograms = await startBarePrograms({ ...where, catalog: ALERTS });
  using client = new LeanClient(programs.url);
  using bareClient = new LeanClient(barePrograms.url);
  const all: Latencies = {};
  for (
    const [name, { api, driver, bare }] of Object.entries(operations(db, sky, small ? 100 : 1_000))
  ) {
    all[name] = {};
    for (const clients of CLIENTS) {
      const measured = await compare({
        driver: async (i) => void await driver(i),
        api: (i) => ask(client, programs.token, api(i)),
        ...bare && clients === 1 && { bare: (i) => ask(bareClient, "", bare(i)) },
      }, { clients, turns: small ? 1 : 4, turnMs: small ? 300 : 2_000 });
      all[name][clients] = measured;
      show(name, clients, measured);
    }
  }
  return all;
}

function operations(db: Db, sky: ApiSky, many: number): Record<string, Operation> {
  const { candids, objectIds, positions } = sky;
  const projection = { _id: 0, candid: 1, objectId: 1, candidate: 1 };
  const candid = (i: number) => candids[i % candids.length]!;
  const cone = (i: number) => {
    const { raDeg, decDeg } = positions[i % positions.length]!;
    const circle = { $centerSphere: [[raDeg - 180, decDeg], RADIUS_RAD] };
    return { "coordinates.radec_geojson": { $geoWithin: circle } };
  };
  const catalog = db.collection(CATALOG);
  const groups = (i: number) => [
    { $match: { objectId: { $in: range(20).map((j) => objectIds[(i + j) % objectIds.length]!) } } },
    { $group: { _id: "$objectId", alerts: { $sum: 1 }, peak: { $min: "$candidate.magpsf" } } },
    { $sort: { _id: 1 } },
  ];
  const coneSearch = (places: readonly number[]) => ({
    query_type: "cone_search",
    query: {
      object_coordinates: {
        cone_search_radius: RADIUS_ARCSEC,
        cone_search_unit: "arcsec",
        radec: Object.fromEntries(places.map((i, n) => {
          const { raDeg, decDeg } = positions[i % positions.length]!;
          return [`p${n}`, [raDeg, decDeg]];
        })),
      },
      catalogs: { [CATALOG]: {} },
    },
  });
  return {
    find_one: {
      api: (i) => ({
        query_type: "find_one",
        query: {
          catalog: ALERTS,
          filter: { candid: { $numberLong: `${candid(i)}` } },
          projection,
        },
      }),
      driver: (i) => db.collection(ALERTS).findOne({ candid: candid(i) }, { projection }),
      bare: (i) => ({ candid: `${candid(i)}`, projection }),
    },
    "cone_search of 1 position": {
      api: (i) => coneSearch([i]),
      driver: (i) => catalog.find(cone(i)).toArray(),
    },
    [`cone_search of ${many} positions`]: {
      api: (i) => coneSearch(range(many).map((j) => i + j)),
      driver: (i) =>
        inParallel(FINDS_AHEAD, range(many), (j) => catalog.find(cone(i + j)).toArray()),
    },
    near: {
      api: (i) => ({
        query_type: "near",
        query: {
          radec: [[
            positions[i % positions.length]!.raDeg,
            positions[i % positions.length]!.decDeg,
          ]],
          max_distance: RADIUS_ARCSEC,
          distance_units: "arcsec",
          catalogs: { [CATALOG]: {} },
        },
      }),
      driver: (i) => {
        const { raDeg, decDeg } = positions[i % positions.length]!;
        const near = { $nearSphere: [raDeg - 180, decDeg], $maxDistance: RADIUS_RAD };
        return catalog.find({ "coordinates.radec_geojson": near }).toArray();
      },
    },
    aggregate: {
      api: (i) => ({ query_type: "aggregate", query: { catalog: ALERTS, pipeline: groups(i) } }),
      driver: (i) => db.collection(ALERTS).aggregate(groups(i)).toArray(),
    },
  };
}

async function ask(client: LeanClient, token: string, query: unknown): Promise<void> {
  const headers = { authorization: token };
  const { status, text } = await client.post("/api/queries", headers, JSON.stringify(query));
  // Read as the driver reads: into objects.
  const { data } = JSON.parse(text);
  if (status !== 200 || data === undefined) throw new Error(`No answer: ${status}`);
}

async function inParallel<T>(
  ahead: number,
  items: readonly T[],
  work: (item: T) => Promise<unknown>,
): Promise<void> {
  const rest = items.values();
  await Promise.all(
    range(ahead).map(async () => {
      for (const item of rest) await work(item);
    }),
  );
}

interface Memory {
  readonly answerMb: number;
  readonly coreMb: number;
  readonly edgeMb: number;
  /** What both have held at most, beyond what they held before. */
  readonly addedMb: number;
}

/** Of programs that have just started, so that nothing hides in what was held before. */
async function measureMemory(where: Where): Promise<Memory> {
  await using programs = await startPrograms(where);
  const small = { query_type: "find_one", query: { catalog: ALERTS, filter: {} } };
  const { corePid, edgePid, url, token } = programs;
  using client = new LeanClient(url);
  for (let i = 0; i < 20; i++) await ask(client, token, small);
  const before = [corePid, edgePid].map(peakMemoryMb);
  const response = await fetch(`${url}/api/queries`, {
    method: "POST",
    headers: { authorization: token },
    body: JSON.stringify({ query_type: "find", query: { catalog: LARGE, filter: {} } }),
  });
  let bytes = 0;
  for await (const chunk of response.body!) bytes += chunk.length;
  const [coreMb, edgeMb] = [corePid, edgePid].map(peakMemoryMb) as [number, number];
  const memory = {
    answerMb: bytes / 1e6,
    coreMb,
    edgeMb,
    addedMb: coreMb + edgeMb - before[0]! - before[1]!,
  };
  say(
    `an answer of ${memory.answerMb.toFixed(0)} MB: core ${coreMb.toFixed(0)} MB, ` +
      `edge ${edgeMb.toFixed(0)} MB, added ${memory.addedMb.toFixed(0)} MB`,
  );
  return memory;
}

function reachOf(latencies: Latencies, memory: Memory): Reach[] {
  const ratio = (name: string) => {
    const { api, driver } = latencies[name]![1]!;
    return api!.p50Ms / driver!.p50Ms;
  };
  const many = Object.keys(latencies).find((name) => /cone_search of \d+ positions/.test(name))!;
  const tail = (name: string) => {
    const { api } = latencies[name]![64]!;
    return api!.p99Ms / api!.p50Ms;
  };
  return [
    most(`${many} / the driver's own time`, ratio(many), 1.2),
    most("find_one p50 / the driver's own", ratio("find_one"), 3),
    ...Object.keys(latencies).map((name) =>
      most(`p99 / p50 with 64 clients, ${name}`, tail(name), 4)
    ),
    most(`MB added by an answer of ${memory.answerMb.toFixed(0)} MB`, memory.addedMb, 100),
  ];
}

function most(what: string, value: number, limit: number): Reach {
  return { what, value, limit: `at most ${limit}`, ok: value <= limit };
}

function show(name: string, clients: number, { api, driver, bare }: Record<string, Latency>): void {
  const one = ({ perS, p50Ms, p95Ms, p99Ms }: Latency) =>
    `${perS.toFixed(0)}/s, ${p50Ms.toFixed(2)} ${p95Ms.toFixed(2)} ${p99Ms.toFixed(2)} ms`;
  say(
    `${name}, ${clients} clients: ${one(api!)}; driver ${one(driver!)}; ` +
      `ratio of p50 ${(api!.p50Ms / driver!.p50Ms).toFixed(2)}` +
      (bare ? `; two bare programs ${one(bare)}, ${(bare.p50Ms / driver!.p50Ms).toFixed(2)}` : ""),
  );
}

function range(length: number): number[] {
  return Array.from({ length }, (_, i) => i);
}

function say(line: string): void {
  console.log(line);
}
