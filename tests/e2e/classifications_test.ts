/** Labels of alerts through the whole chain: the original's rows, what else is kept, and the threats of `api.md` 16. */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import {
  CANDID,
  type FilterApi,
  guest,
  partner,
  type Person,
  startFilterApi,
} from "../support/filter_api.ts";

const PATH = "/api/classifications/ztf";
const LABELS = "ZTF_alerts_classifications";

let chain: FilterApi;
before(async () => void (chain = await startFilterApi()));
after(() => chain[Symbol.asyncDispose]());
const ok: FilterApi["ok"] = (...args) => chain.ok(...args);
const refused: FilterApi["refused"] = (...args) => chain.refused(...args);
const get = async (candid: bigint, person?: Person) =>
  (await ok("GET", `${PATH}/${candid}`, undefined, person)).body.data;
/** A body about alerts, as a client in Python writes it: ids as keys. */
const about = (sets: [bigint, unknown][]) =>
  `{${sets.map(([candid, set]) => `"${candid}": ${JSON.stringify(set)}`).join(", ")}}`;
const put = (candid: bigint, set: unknown, person?: Person) =>
  ok("PUT", PATH, about([[candid, set]]), person);

describe("test_alert_classification", () => {
  it("PUT, GET: candid, object id and both labels", async () => {
    const { text } = await put(CANDID, { human_labels: { Ia: 0.8, Ib: 0.1 } });
    assertEquals(text, '{"status": "success", "message": "added classifications for ztf alerts"}');
    const { text: got } = await ok("GET", `${PATH}/${CANDID}`);
    assertEquals(
      got,
      '{"status": "success", "data": {"objectId": "ZTF18abca", "human_labels": ' +
        `{"Ia": 0.8, "Ib": 0.1}, "candid": ${CANDID}}}`,
    );
  });

  it("PUT again overwrites one and adds one", async () => {
    await put(CANDID, { human_labels: { Ia: 0.2, Ic: 0.7 } });
    assertEquals((await get(CANDID)).human_labels, { Ia: 0.2, Ib: 0.1, Ic: 0.7 });
  });

  it("DELETE leaves the other", async () => {
    const { body } = await ok("DELETE", PATH, about([[CANDID, { human_labels: ["Ia", "Ic"] }]]));
    assertEquals(body.message, "deleted classifications for ztf alerts");
    assertEquals((await get(CANDID)).human_labels, { Ib: 0.1 });
  });
});

describe("labels", () => {
  it("may be an object, a list or a text with commas, with numbers in any form", async () => {
    const candid = CANDID + 1n;
    await put(candid, { human_labels: { a: 1, b: "0.25", c: " 2e-3 " } });
    await put(candid, { human_labels: ["d", "e"], ml_scores: "x, y ,,z" });
    const { text } = await ok("GET", `${PATH}/${candid}`);
    // All of them are doubles.
    assert(
      text.includes(
        '"human_labels": {"a": 1.0, "b": 0.25, "c": 0.002, "d": 1.0, "e": 1.0}, ' +
          '"ml_scores": {"x": 1.0, "y": 1.0, "z": 1.0}',
      ),
      text,
    );
  });

  it("are removed by a list, a text with commas, or an object's keys; empty sets stay", async () => {
    const candid = CANDID + 1n;
    const body = { human_labels: { a: 0, b: "?" }, ml_scores: "x,y,z,none" };
    await ok("DELETE", PATH, about([[candid, { ...body, human_labels: ["a", "b"] }]]));
    await ok("DELETE", PATH, about([[candid, { human_labels: { c: 1 } }]]));
    const { human_labels, ml_scores } = await get(candid);
    assertEquals([human_labels, ml_scores], [{ d: 1, e: 1 }, {}]);
  });

  it("are of a survey, by its name in any case", async () => {
    await ok("PUT", "/api/classifications/ZTF", about([[CANDID, { human_labels: ["x"] }]]));
    assertEquals((await ok("GET", `/api/classifications/Ztf/${CANDID}`)).status, 200);
    for (const survey of ["wntr", "pgir", "turbo", "PGIR"]) {
      const message = `survey ${survey.toLowerCase()} classifications not available`;
      await refused(
        message,
        "PUT",
        `/api/classifications/${survey}`,
        about([[1n, { ml_scores: "a" }]]),
      );
      await refused(
        message,
        "DELETE",
        `/api/classifications/${survey}`,
        about([[1n, { ml_scores: "a" }]]),
      );
      await refused(message, "GET", `/api/classifications/${survey}/1`);
    }
    await refused(
      "survey lsst must be one of [ztf, wntr, pgir, turbo]",
      "GET",
      "/api/classifications/lsst/1",
    );
  });

  it("have an index on the object id", async () => {
    const indexes = await chain.db.collection(LABELS).indexes();
    assert(indexes.some(({ name, key }) => name === "objectId" && key.objectId === -1));
  });
});

describe("what is wrong with a request", () => {
  const none =
    "no classifications provided, must provide at least one of human_labels or ml_scores";
  const rows: [string, unknown][] = [
    ["no candid provided", undefined],
    ["no candid provided", "{}"],
    ["no candid provided", "[]"],
    ["no candid provided", '"1"'],
    ["candid must be an integer of 64 bits", '{"a": {"human_labels": ["x"]}}'],
    ["candid must be an integer of 64 bits", '{"1.5": {"human_labels": ["x"]}}'],
    ["candid must be an integer of 64 bits", '{"01": {"human_labels": ["x"]}}'],
    ["candid must be an integer of 64 bits", '{"": {"human_labels": ["x"]}}'],
    ["candid must be an integer of 64 bits", '{"9223372036854775808": {"human_labels": ["x"]}}'],
    [none, '{"1": {}}'],
    [none, '{"1": {"other": 1}}'],
    [none, '{"1": null}'],
    [none, '{"1": ["x"]}'],
    [none, '{"1": {"human_labels": {}, "ml_scores": []}}'],
    [none, '{"1": {"human_labels": " , "}}'],
    ["labels must be an object, a list of names", '{"1": {"human_labels": 7}}'],
    ["labels must be an object, a list of names", '{"1": {"ml_scores": true}}'],
  ];
  for (const [message, body] of rows) {
    it(`is told by PUT and DELETE: ${message}: ${body}`, async () => {
      await refused(message, "PUT", PATH, body);
      await refused(message, "DELETE", PATH, body);
    });
  }

  it("is told of an alert that isn't there", async () => {
    await refused(
      "not all alerts found in ztf collection",
      "PUT",
      PATH,
      '{"1": {"ml_scores": "a"}}',
    );
    await refused(
      "not all classifications found in ztf collection",
      "DELETE",
      PATH,
      '{"1": {"ml_scores": "a"}}',
    );
    await refused("classifications for ztf alert 1 not found", "GET", `${PATH}/1`);
    await refused("candid must be an integer", "GET", `${PATH}/x`);
    await refused("JSONDecodeError", "PUT", PATH, "{");
  });

  it("is told of a value that is no number", async () => {
    for (const value of ['"high"', '""', "true", "null", "[]", "NaN", "Infinity", '{"a": 1}']) {
      await refused(
        "the value of label x must be a number",
        "PUT",
        PATH,
        `{"${CANDID}": {"human_labels": {"x": ${value}}}}`,
      );
    }
  });
});

describe("threat 1: labels without a token, or without the permission", () => {
  it("are out of reach", async () => {
    for (const [method, path] of [["PUT", PATH], ["DELETE", PATH], ["GET", `${PATH}/${CANDID}`]]) {
      const stranger = await fetch(`${chain.api.edge.url}${path}`, {
        method: method!,
        ...method !== "GET" && { body: about([[CANDID, { human_labels: ["stranger"] }]]) },
      });
      assertEquals(stranger.status, 401, method);
      await stranger.body?.cancel();
    }
    assert(!("stranger" in (await get(CANDID)).human_labels));
  });

  it("leave a record of who changed them", async () => {
    await put(CANDID, { human_labels: ["mine"] }, partner);
    const record = await chain.db.collection("audit")
      .findOne({ action: "classifications.add", who: "partner" });
    assertEquals(record?.outcome, "done");
  });
});

describe("threat 6: labels of alerts of a programid that somebody may not see", () => {
  const secret = CANDID + 5n;

  it("can be neither written, nor removed, nor read", async () => {
    await put(secret, { human_labels: { secret: 1 } }, partner);
    assertEquals((await get(secret, partner)).human_labels, { secret: 1 });
    await refused("not found", "GET", `${PATH}/${secret}`, undefined, guest);
    await refused(
      "not all alerts found",
      "PUT",
      PATH,
      about([[secret, { ml_scores: "a" }]]),
      guest,
    );
    // One that may be seen doesn't let the other pass.
    const both = about([[CANDID, { human_labels: ["guest"] }], [secret, {
      human_labels: ["secret"],
    }]]);
    await refused("not all alerts found", "PUT", PATH, both, guest);
    assert(!("guest" in (await get(CANDID)).human_labels));
    await refused(
      "not all classifications found",
      "DELETE",
      PATH,
      about([[secret, { human_labels: ["secret"] }]]),
      guest,
    );
    await ok("DELETE", PATH, both, guest);
    assertEquals((await get(secret, partner)).human_labels, { secret: 1 });
  });

  it("can't be had by a query, nor joined to what may be seen", async () => {
    const found = async (person: Person, query: unknown) =>
      (await (await chain.api.query(query, person)).json()).data;
    const find = { query_type: "find", query: { catalog: LABELS, filter: {} } };
    const has = (rows: { human_labels?: { secret?: number } }[]) =>
      rows.some(({ human_labels }) => human_labels?.secret === 1);
    assert(has(await found(partner, find)));
    const shown = await found(guest, find);
    assert(shown.length > 0 && !has(shown), JSON.stringify(shown));
    const join = {
      query_type: "aggregate",
      query: {
        catalog: "ZTF_alerts",
        pipeline: [
          { $limit: 1 },
          {
            $lookup: {
              from: LABELS,
              pipeline: [{ $match: { "human_labels.secret": 1 } }],
              as: "l",
            },
          },
          { $project: { _id: 0, n: { $size: "$l" } } },
        ],
      },
    };
    assertEquals(await found(partner, join), [{ n: 1 }]);
    assertEquals(await found(guest, join), [{ n: 0 }]);
  });
});

describe("threat 16: names of labels that are paths of fields", () => {
  it("are refused, and nothing is written", async () => {
    const before = (await ok("GET", `${PATH}/${CANDID}`)).text;
    const names = ["a.b", ".", "$set", "$", "__proto__", "a\0", "a\nb", "", "\x7f", "\ud800"];
    for (const name of names) {
      const forms = [{ [name]: 1 }, [name], ...name.includes(",") ? [] : [`ok,${name || "a.b"}`]];
      for (const form of forms) {
        const labels = typeof form === "object" && !Array.isArray(form)
          ? `{${JSON.stringify(name)}: 1}`
          : JSON.stringify(form);
        const body = `{"${CANDID}": {"human_labels": {"good": 1}, "ml_scores": ${labels}}}`;
        await refused("a label's name must be text", "PUT", PATH, body);
        await refused("a label's name must be text", "DELETE", PATH, body);
      }
    }
    assertEquals((await ok("GET", `${PATH}/${CANDID}`)).text, before);
    await put(CANDID, { ml_scores: ["SN Ia-91T", "a$b", "é", "constructor", "0"] });
    assertEquals(Object.keys((await get(CANDID)).ml_scores).length, 5);
  });
});

describe("threat 26: values of one alert stored for others", () => {
  it("each alert gets its own, and all or none are written", async () => {
    const [a, b] = [CANDID + 2n, CANDID + 3n];
    await ok(
      "PUT",
      PATH,
      about([[a, { human_labels: { x: 0.1 } }], [b, {
        human_labels: { y: 0.9 },
        ml_scores: { z: 1 },
      }]]),
    );
    assertEquals((await get(a)).human_labels, { x: 0.1 });
    assertEquals((await get(b)).human_labels, { y: 0.9 });
    assertEquals((await get(b)).ml_scores, { z: 1 });
    assert(!("ml_scores" in await get(a)));
    await refused(
      "must be a number",
      "PUT",
      PATH,
      about([[a, { human_labels: { more: 1 } }], [b, { human_labels: { more: "no" } }]]),
    );
    assertEquals((await get(a)).human_labels, { x: 0.1 });
    await ok("DELETE", PATH, about([[a, { human_labels: ["y"] }], [b, { human_labels: ["y"] }]]));
    assertEquals([(await get(a)).human_labels, (await get(b)).human_labels], [{ x: 0.1 }, {}]);
  });

  it("people who label an alert at once lose nothing", async () => {
    const candid = CANDID + 4n;
    await Promise.all(
      Array.from({ length: 12 }, (_, i) => put(candid, { human_labels: { [`l${i}`]: i } })),
    );
    assertEquals(Object.keys((await get(candid)).human_labels).length, 12);
    const [stored] = await chain.db.collection(LABELS)
      .find({ _id: candid as never }, { promoteValues: false }).toArray();
    assertEquals((stored!._id as unknown as { _bsontype: string })._bsontype, "Long");
  });
});
