import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { CoreUnavailableError } from "./ask.ts";
import { createInstances } from "./instances.ts";
import { createUsers } from "./users.ts";

const alice = {
  name: "alice",
  admin: false,
  permissions: [],
  programIds: [1],
  tokensValidFromMs: 0,
};
const { signal } = new AbortController();

function users(answer: (path: string) => Response) {
  const asked: string[] = [];
  let nowMs = 0;
  const ask = (_core: string, { path }: { path: string }) => {
    asked.push(path);
    return Promise.resolve(answer(path));
  };
  const found = createUsers(createInstances(["http://core"], ask), () => nowMs);
  return { users: found, asked, wait: (ms: number) => void (nowMs += ms) };
}

describe("createUsers()", () => {
  it("remembers a user for five seconds, so that one who was deleted is soon out", async () => {
    let exists = true;
    const known = users(() => exists ? Response.json(alice) : new Response("", { status: 404 }));
    assertEquals(await known.users.find("alice", { signal }), alice);
    exists = false;
    known.wait(5000);
    assertEquals(await known.users.find("alice", { signal }), alice);
    known.wait(1);
    assertEquals(await known.users.find("alice", { signal }), null);
    assertEquals(known.asked.length, 2);
  });

  it("remembers that there is nobody, too", async () => {
    const known = users(() => new Response("", { status: 404 }));
    for (let i = 0; i < 3; i++) assertEquals(await known.users.find("ghost", { signal }), null);
    assertEquals(known.asked.length, 1);
  });

  it("asks for any name, whatever is in it", async () => {
    const known = users(() => Response.json(alice));
    await known.users.find("../catalogs?x=1#é", { signal });
    assertEquals(known.asked, ["/v1/users/..%2Fcatalogs%3Fx%3D1%23%C3%A9"]);
  });

  it("doesn't take a core's fault for a missing user", async () => {
    const known = users(() => new Response("", { status: 503 }));
    await assertRejects(() => known.users.find("alice", { signal }), CoreUnavailableError, "503");
  });
});
