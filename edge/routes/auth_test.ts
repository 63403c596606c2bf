import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { edge, told } from "../../tests/support/edge.ts";

describe("POST /api/auth", () => {
  // Each row of the table of checks.
  for (
    const [what, body, status, message] of [
      ["no JSON", "username=alice", 400, undefined],
      ["nothing", "", 400, undefined],
      ["null", "null", 400, undefined],
      ["a list", "[]", 400, undefined],
      ["no username", { password: "right" }, 400, "missing username"],
      ["an empty username", { username: "", password: "right" }, 400, "missing username"],
      ["a username that is null", { username: null, password: "x" }, 400, "missing username"],
      ["a username that is a number", { username: 5, password: "right" }, 400, undefined],
      ["no password", { username: "alice" }, 400, "missing password"],
      ["an empty password", { username: "alice", password: "" }, 400, "missing password"],
      ["a password that is a list", { username: "alice", password: ["right"] }, 400, undefined],
      ["a wrong password", { username: "alice", password: "wrong" }, 401, "Unauthorized"],
      ["an unknown user", { username: "carol", password: "wrong" }, 401, "Unauthorized"],
      ...["1.0.0", "3.0.0", "2", "", null, 2.4].map((version) =>
        [
          `penquins ${version}`,
          { username: "alice", password: "right", "penquins.__version__": version },
          400,
          `unsupported version of penquins: ${version}`,
        ] as const
      ),
    ] as const
  ) {
    it(`refuses ${what}`, async () => {
      const { logIn, errors } = edge();
      const [found, text] = await told(await logIn(body));
      assertEquals(found, status);
      if (message !== undefined) assertEquals(text, message);
      assertEquals(errors, []);
    });
  }

  for (const version of [undefined, "2.0.0", "2.4.2", "2.17.0", "1.9.9"]) {
    it(`gives a token to a client of version ${version}`, async () => {
      const { logIn, request } = edge();
      const response = await logIn({
        username: "alice",
        password: "right",
        ...version && { "penquins.__version__": version },
      });
      const answer = await response.json();
      assertEquals([response.status, Object.keys(answer)], [200, ["status", "token"]]);
      assertEquals((await request("GET", "/", { token: answer.token })).status, 200);
    });
  }

  it("makes guessing slow: an address waits after some failures", async () => {
    const { logIn } = edge();
    const wrong = { username: "alice", password: "wrong" };
    for (let i = 0; i < 3; i++) assertEquals((await logIn(wrong)).status, 401);
    const response = await logIn({ username: "bob", password: "right" });
    assertEquals(response.headers.get("retry-after"), "4");
    assertEquals(await told(response), [429, "Too Many Requests"]);
    assertEquals((await logIn({ username: "bob", password: "right" }, "192.0.2.2")).status, 200);
  });

  it("makes guessing slow: a name waits after failures from many addresses", async () => {
    const { logIn } = edge();
    const wrong = { username: "alice", password: "wrong" };
    for (let i = 0; i < 3; i++) await logIn(wrong, `192.0.2.${i}`);
    assertEquals((await logIn(wrong, "192.0.2.9")).status, 429);
  });

  it("doesn't slow down who is right", async () => {
    const { logIn } = edge();
    for (let i = 0; i < 9; i++) {
      assertEquals((await logIn({ username: "alice", password: "right" })).status, 200);
    }
  });
});
