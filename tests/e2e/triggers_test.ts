/** Triggers from a client to a telescope's program that a test plays, and back. */
import { request } from "node:http";
import { afterAll, beforeAll, beforeEach, describe, it } from "@std/testing/bdd";
import { assert, assertEquals } from "@std/assert";
import { getLog } from "../../core/base/log.ts";
import { openTelescope } from "../../core/telescope/telescope.ts";
import { startApi, type TestApi } from "../support/api.ts";
import { type PlayedTelescope, playTelescope } from "../support/telescope.ts";

const USER = { username: "user", password: "a password of users" };
const ROBOT = { username: "robot", password: "a password of robots" };
const QUEUE = {
  queue_name: "ToO_a",
  validity_window_mjd: [60000, 60000.5],
  targets: [{ request_id: 1, program_id: 2, ra: 322.7 }],
  queue_type: "list",
  user: "somebody else",
  note: "kept",
};
const MAP = {
  trigger_name: "S230518h",
  trigger_time: 60000.1,
  fields: [{ field_id: 699, probability: 0.1 }],
  user: "somebody else",
};

let api: TestApi;
let upstream: PlayedTelescope;

beforeAll(async () => {
  upstream = await playTelescope();
  const url = `http://127.0.0.1:${upstream.port}`;
  const limits = { openMsMax: 1_000, answerMsMax: 500, answerBytesMax: 100_000 };
  const log = getLog("test");
  api = await startApi({}, {}, openTelescope({ kind: "relay", url }, log, limits));
  for (const [user, roles] of [[USER, ["user"]], [ROBOT, ["service"]]] as const) {
    const added = await fetch(`${api.edge.url}/api/users`, {
      method: "POST",
      headers: { authorization: await api.token() },
      body: JSON.stringify({ ...user, permissions: { roles } }),
    });
    assertEquals((await added.json()).status, "success");
  }
});
beforeEach(() => {
  upstream.asked.length = 0;
  upstream.answer = (response, { method }) => {
    response.writeHead(method === "PUT" ? 201 : 200, { "X-Queue": "a" });
    response.end("[]");
  };
});
afterAll(async () => {
  assertEquals(api.errors, []);
  await api[Symbol.asyncDispose]();
  await upstream[Symbol.asyncDispose]();
});

async function call(
  method: string,
  path: string,
  body?: unknown,
  { user = ROBOT, url = api.edge.url } = {},
) {
  const response = await fetch(`${url}/api/triggers/${path}`, {
    method,
    headers: { authorization: await api.token(user) },
    ...body !== undefined && { body: typeof body === "string" ? body : JSON.stringify(body) },
  });
  return { status: response.status, text: await response.text() };
}

async function told(...request: Parameters<typeof call>) {
  const { status, text } = await call(...request);
  return [status, JSON.parse(text)] as const;
}

for (
  const { queue, path, body, nameKey, noun, search, submit, remove } of [
    {
      queue: "ztf",
      path: "/queues",
      body: QUEUE,
      nameKey: "queue_name",
      noun: "queue",
      search: "ZTF queue query attempt",
      submit: "ZTF trigger attempt",
      remove: "ZTF queue delete attempt",
    },
    {
      queue: "ztfmma",
      path: "/mma_skymaps",
      body: MAP,
      nameKey: "trigger_name",
      noun: "trigger",
      search: "ZTF MMA trigger status query attempt",
      submit: "ZTF MMA trigger submission attempt",
      remove: "ZTF MMA trigger delete attempt",
    },
  ] as const
) {
  const name = Object.values(body)[0] as string;

  describe(`/api/triggers/${queue}`, () => {
    it("passes a trigger on, with the token's user in place of the client's", async () => {
      const [status, answer] = await told("PUT", queue, body);
      assertEquals([status, answer.status, answer.message], [200, "success", "submitted"]);
      assertEquals(answer.data["X-Queue"], "a");
      const [asked, ...others] = upstream.asked;
      assertEquals(others, []);
      assertEquals([asked!.method, asked!.path], ["PUT", path]);
      assertEquals(JSON.parse(asked!.body), { ...body, user: ROBOT.username });
    });

    it("says that the telescope has it already", async () => {
      upstream.answer = (response) => void response.end("{}");
      assertEquals(await told("PUT", queue, body), [409, {
        status: "error",
        message: `Submitted ${noun} ${name} already exists`,
      }]);
    });

    it("tells what the telescope says, unchanged", async () => {
      const said = '[{"queue_name": "a", "is_TOO": true, "id": 1127561445515015011, "jd": 7.0, ' +
        '"queue": "[{\\"ra\\": 1}]"}]';
      upstream.answer = (response) => void response.end(said);
      assertEquals(await call("GET", queue), {
        status: 200,
        text: `{"status": "success", "message": "retrieved", "data": ${said}}`,
      });
      assertEquals(upstream.asked.map(({ body }) => body), ["{}"]);
    });

    it("asks for the one that the query string names", async () => {
      await told("GET", `${queue}?${nameKey}=a%20b&user=somebody&other=x`);
      assertEquals(JSON.parse(upstream.asked[0]!.body), { [nameKey]: "a b", user: "somebody" });
    });

    it("asks for the one that a GET's body names, before the query string", async () => {
      const { hostname, port } = new URL(api.edge.url);
      const body = JSON.stringify({ [nameKey]: "a b", more: 7 });
      const headers = { authorization: await api.token(ROBOT), "content-length": body.length };
      const path = `/api/triggers/${queue}?${nameKey}=other`;
      const status = await new Promise<number | undefined>((resolve, reject) => {
        const sent = request({ hostname, port, path, headers, agent: false }, (response) => {
          response.resume().on("end", () => resolve(response.statusCode));
        });
        sent.on("error", reject).end(body);
      });
      assertEquals(status, 200);
      assertEquals(JSON.parse(upstream.asked[0]!.body), { [nameKey]: "a b", more: 7 });
    });

    it("takes a trigger back", async () => {
      const [status, answer] = await told("DELETE", queue, { ...body });
      assertEquals([status, answer.message, answer.data["X-Queue"]], [200, "deleted", "a"]);
      assertEquals([upstream.asked[0]!.method, upstream.asked[0]!.path], ["DELETE", path]);
    });

    for (
      const [method, attempt] of [["GET", search], ["PUT", submit], ["DELETE", remove]] as const
    ) {
      const sent = method === "GET" ? undefined : body;

      it(`${method}: tells with 400 why the telescope refuses, and asks it once`, async () => {
        for (const httpStatus of [204, 301, 400, 409, 500, 503]) {
          upstream.answer = (response) => {
            response.writeHead(httpStatus, { location: "/queues" });
            response.end(httpStatus === 204 ? undefined : "no such target");
          };
          const reason = httpStatus === 204 ? "204 " : `${httpStatus} no such target`;
          assertEquals(await told(method, queue, sent), [400, {
            status: "error",
            message: `${attempt} rejected: ${reason}`,
          }]);
        }
        assertEquals(upstream.asked.length, 6);
      });

      it(`${method}: waits no longer than it may`, async () => {
        upstream.answer = () => {};
        const [status, { message }] = await told(method, queue, sent);
        assertEquals(status, 400);
        assertEquals(message, `${attempt} rejected: no answer of the telescope in 0.5 s`);
        assertEquals(upstream.asked.length, 1);
      });

      it(`${method}: is for who may trigger`, async () => {
        const [status, { message }] = await told(method, queue, sent, { user: USER });
        assertEquals([status, message], [403, 'Forbidden: this needs the permission "triggers"']);
        assertEquals(upstream.asked, []);
      });
    }

    it("passes on nothing that lacks what it needs", async () => {
      for (const key of Object.keys(body).filter((key) => key !== "note")) {
        const [status, { message }] = await told("PUT", queue, { ...body, [key]: undefined });
        assertEquals(status, 400);
        assert(message.startsWith("ValidationError:") && message.includes(key), message);
      }
      for (const bad of ["", "null", "[]", '"a"', "{", '{"user": 5}']) {
        for (const method of ["PUT", "DELETE"]) {
          assertEquals((await told(method, queue, bad))[0], 400, bad);
        }
      }
      assertEquals((await told("DELETE", queue, { [nameKey]: "a" }))[0], 400);
      assertEquals(upstream.asked, []);
    });

    it("passes numbers on as they were written, and what it doesn't know", async () => {
      const text = JSON.stringify(body).replace(/}$/, ', "id": 1127561445515015011, "t": 7.0}');
      await told("PUT", queue, text);
      const passed = upstream.asked[0]!.body;
      assert(passed.includes('"id": 1127561445515015011, "t": 7.0'), passed);
    });

    it("leaves a record of who asked what", async () => {
      await told("PUT", queue, body);
      await told("GET", queue);
      const records = await api.database.client.db(api.database.name).collection("audit")
        .find({ action: { $in: ["trigger.put", "trigger.get"] } }).sort({ at: -1 }).limit(2)
        .toArray();
      assertEquals(
        records.map(({ action, who, target, outcome }) => [action, who, target, outcome]),
        [
          ["trigger.get", ROBOT.username, path, "done"],
          ["trigger.put", ROBOT.username, `${path} ${name}`, "done"],
        ],
      );
    });

    it("has a twin that checks and answers, and asks nobody", async () => {
      const twin = `${queue}.test`;
      assertEquals(await told("PUT", twin, body), [200, {
        status: "success",
        message: "submitted",
      }]);
      assertEquals(await told("DELETE", twin, body), [200, {
        status: "success",
        message: "deleted",
      }]);
      assertEquals(await told("GET", twin), [200, {
        status: "success",
        message: "submitted",
        data: [{ [nameKey]: "test" }],
      }]);
      assertEquals((await told("PUT", twin, {}))[0], 400);
      assertEquals((await told("PUT", twin, body, { user: USER }))[0], 403);
      assertEquals(upstream.asked, []);
    });
  });
}

describe("triggers without a telescope", () => {
  it("are refused with 400, but for their twins", async () => {
    await using bare = await startApi();
    const authorization = await bare.token();
    const put = async (path: string) => {
      const response = await fetch(`${bare.edge.url}/api/triggers/${path}`, {
        method: "PUT",
        headers: { authorization },
        body: JSON.stringify(QUEUE),
      });
      return [response.status, (await response.json()).message];
    };
    assertEquals(await put("ztf"), [
      400,
      "ZTF trigger attempt rejected: no telescope is configured",
    ]);
    assertEquals(await put("ztf.test"), [200, "submitted"]);
  });
});
