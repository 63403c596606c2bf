// Filters must pass what they pass when each alert has MongoDB for itself, wherever they run.
import { afterAll, beforeAll, describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { type Document, Double } from "../contract/document.ts";
import { Accounts } from "../filters/engine/plan/accounts.ts";
import { sideBySide } from "../filters/batch_pipeline.ts";
import { filterOf } from "../../tests/support/filters.ts";
import { type TestDatabase, testDatabase } from "../../tests/support/mongo.ts";
import { readDocument } from "./bson_read.ts";
import { writeDocument } from "./bson_write.ts";
import { FilterRunner } from "./filter_runner.ts";
import { type FilterFailure, MongoFilters } from "./mongo_filters.ts";
import { openArchive } from "./open.ts";

const PIPELINES: Record<string, Document[]> = {
  "passes all": [{ $match: {} }],
  "compares a field": [{ $match: { "candidate.drb": { $gt: 0.5 } } }],
  "compares a 64-bit id": [{ $match: { candid: { $gte: 2475433850015015003n } } }],
  "keeps some fields": [
    { $match: { "candidate.magpsf": { $lt: new Double(19) } } },
    { $project: { _id: 0, objectId: 1, mag: "$candidate.magpsf" } },
  ],
  "drops its id only": [{ $project: { _id: 0 } }],
  "drops fields": [{ $project: { candidate: 0 } }, { $unset: "objectId" }],
  "computes from the light curve": [
    {
      $addFields: { bright: { $filter: { input: "$prv", as: "p", cond: { $lt: ["$$p.m", 19] } } } },
    },
    { $match: { "bright.1": { $exists: true } } },
    { $project: { n: { $size: "$bright" } } },
  ],
  "unwinds and groups": [
    { $unwind: "$prv" },
    { $group: { _id: "$objectId", n: { $sum: 1 }, first: { $first: "$prv.m" } } },
    { $match: { n: { $gt: 1 } } },
  ],
  "unwinds to several documents, which is no pass": [{ $unwind: "$prv" }],
  "groups all to one": [{ $group: { _id: null, d: { $avg: "$candidate.drb" } } }],
  "replaces the root": [
    { $replaceRoot: { newRoot: { id: "$objectId", d: "$candidate.drb" } } },
    { $match: { d: { $lte: 0.6 } } },
  ],
  "replaces with": [{ $replaceWith: "$candidate" }],
  "sorts and limits": [{ $unwind: "$prv" }, { $sort: { "prv.m": 1 } }, { $limit: 1 }],
  "counts": [{ $unwind: "$prv" }, { $count: "n" }],
  "sees the whole document": [{ $project: { all: { $size: { $objectToArray: "$$ROOT" } } } }],
  "has facets": [{ $facet: { a: [{ $unwind: "$prv" }, { $count: "n" }] } }],
  "includes a nested field": [{ $project: { candidate: { drb: 1 } } }],
};

const ALERTS: Document[] = Array.from({ length: 12 }, (_, i) =>
  asStored({
    _id: i,
    candid: 2475433850015015000n + BigInt(i),
    objectId: `ZTF26aaaaaa${"abcdefghijkl"[i % 5]}`,
    candidate: {
      drb: i % 4 === 3 ? null : i / 12,
      magpsf: i === 5 ? "faint" : new Double(17 + i / 2),
      programid: 1 + (i % 2),
    },
    prv: Array.from({ length: i % 4 }, (_, k) => ({ m: 17.5 + k + i / 10 })),
  }));

function asStored(document: Document): Document {
  return readDocument(writeDocument(document));
}

describe("FilterRunner", () => {
  let database: TestDatabase;
  beforeAll(async () => void (database = await testDatabase()));
  afterAll(() => database[Symbol.asyncDispose]());
  const db = () => database.client.db(database.name);

  const alone = async (pipeline: Document[]): Promise<Map<number, Document>> => {
    const passes = new Map<number, Document>();
    for (const [i, alert] of ALERTS.entries()) {
      const rows = await db().aggregate(
        [{ $documents: { $literal: [alert] } }, ...pipeline],
        { raw: true },
      ).toArray();
      if (rows.length === 1) passes.set(i, readDocument(rows[0] as unknown as Uint8Array));
    }
    return passes;
  };

  const byAlert = (hits: readonly { alert: number; data: Document }[]) =>
    new Map(
      hits.toSorted((a, b) => a.alert - b.alert)
        .map(({ alert, data }) => [alert, asStored(data)]),
    );

  for (const [name, pipeline] of Object.entries(PIPELINES)) {
    it(`gives in process what MongoDB gives for one alert: a filter that ${name}`, async () => {
      const { hits, failures } = await new FilterRunner(db(), [filterOf(pipeline)])
        .run(() => ALERTS);
      assertEquals(failures, []);
      assertEquals(byAlert(hits), await alone(pipeline));
    });

    it(`gives the same for a batch in MongoDB: a filter that ${name}`, async () => {
      const failures: FilterFailure[] = [];
      const filters = new MongoFilters(db(), [filterOf(pipeline)]);
      const hits = await filters.run(
        ALERTS.map((document, alert) => ({ alert, document })),
        failures,
      );
      assertEquals(failures, []);
      assertEquals(byAlert(hits), await alone(pipeline));
    });
  }

  it("asks MongoDB nothing for filters that are compiled, and the others once a batch", async () => {
    const commands: string[] = [];
    await using archive = await openArchive({
      uri: database.uri,
      database: database.name,
      appName: "test",
      onCommand: ({ commandName }) => commands.push(commandName),
    });
    const compiled = Object.values(PIPELINES).map((pipeline, i) => filterOf(pipeline, i));
    await new FilterRunner(archive.db, compiled).run(() => ALERTS);
    assertEquals(commands.filter((name) => name === "aggregate"), []);
    const others = [filterOf([{ $bucketAuto: { groupBy: "$candid", buckets: 1 } }], 99)];
    const { hits } = await new FilterRunner(archive.db, [...compiled, ...others])
      .run(() => ALERTS);
    assertEquals(commands.filter((name) => name === "aggregate").length, 1);
    assertEquals(hits.filter(({ filter }) => filter.filterId === 99).length, ALERTS.length);
  });

  it("runs most of them side by side", () => {
    const oneByOne = Object.entries(PIPELINES).filter(([, stages]) => sideBySide(stages) === null);
    assertEquals(oneByOne.map(([name]) => name), [
      "sorts and limits",
      "counts",
      "sees the whole document",
      "has facets",
    ]);
  });

  it("tells of a filter that fails, and runs the others all the same", async () => {
    const good = filterOf([{ $match: { "candidate.drb": { $gt: 0.5 } } }], 1);
    const bad = filterOf([{ $project: { x: { $divide: ["$candidate.programid", 0] } } }], 2);
    const runner = new FilterRunner(db(), [good, bad]);
    for (let batch = 0; batch < 2; batch++) {
      const { hits, failures } = await runner.run(() => ALERTS);
      assertEquals(failures.map(({ filterId }) => filterId), [2]);
      assertEquals(new Set(hits.map(({ filter }) => filter.filterId)), new Set([1]));
    }
  });

  describe("with filters that run away in MongoDB", () => {
    const bucket = { $bucketAuto: { groupBy: "$candid", buckets: 1 } };
    const doubled = {
      $reduce: {
        input: { $range: [0, 22] }, // Too much here; and no more than a server can bear.
        initialValue: ["$candid"],
        in: { $concatArrays: ["$$value", "$$value"] },
      },
    };
    const good = [filterOf([{ $match: {} }], 1), filterOf([{ $match: {} }, bucket], 2)];
    const bad: Record<string, Document[]> = {
      // It would end the server, which can't be stopped within an expression.
      "allocates without end": [{ $addFields: { x: { $size: doubled } } }, bucket],
      "takes more memory than the server gives": [
        { $densify: { field: "candidate.programid", range: { step: 1, bounds: [0, 400_000] } } },
        { $addFields: { text: "x".repeat(1_000) } },
        { $group: { _id: null, all: { $push: "$$ROOT" } } },
      ],
    };

    for (const [name, pipeline] of Object.entries(bad)) {
      it(`sets one aside for good that ${name}, and the others pass what they pass`, async () => {
        const filter = filterOf(pipeline, 3);
        const accounts = new Accounts();
        const reasons: string[] = [];
        for (let batch = 0; batch < 5; batch++) {
          // Each time some other filter has changed.
          const runner = new FilterRunner(db(), [...good, filter], accounts);
          const { hits, failures } = await runner.run(() => ALERTS.slice(0, 2));
          assertEquals(hits.map(({ filter }) => filter.filterId).toSorted(), [1, 1, 2, 2]);
          assertEquals(failures.map(({ filterId }) => filterId), [3]);
          reasons.push(failures[0]!.reason);
        }
        assertEquals(
          reasons.slice(-2).map((reason) => reason.includes("too expensive 3 times")),
          [true, true],
          reasons.join("\n"),
        );
      });
    }
  });

  it("shows a filter only what its permissions cover", async () => {
    const filter = filterOf([{ $match: {} }], 1, [2]);
    const { hits } = await new FilterRunner(db(), [filter]).run((permissions) =>
      ALERTS.map((alert) =>
        permissions.includes((alert.candidate as { programid: number }).programid) ? alert : null
      )
    );
    assertEquals(hits.map(({ alert }) => alert).sort((a, b) => a - b), [1, 3, 5, 7, 9, 11]);
  });

  it("takes more than MongoDB takes in one command", async () => {
    const big = Array.from({ length: 20 }, (_, i) => ({ _id: i, text: "x".repeat(1_000_000) }));
    const hits = await new MongoFilters(db(), [filterOf([{ $project: { text: 0 } }])])
      .run(big.map((document, alert) => ({ alert, document })), []);
    assertEquals(hits.length, 20);
  });
});
