import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { UnavailableError } from "../contract/query.ts";
import { isOurs, startPasswords } from "./passwords.ts";

describe("passwords", () => {
  it("are known by the hashes that are made of them, and by no other's", async () => {
    using passwords = startPasswords({ cost: 4 });
    const hash = await passwords.hash("pässword");
    assertEquals(await passwords.verify("pässword", hash), true);
    assertEquals(await passwords.verify("password", hash), false);
  });

  it("are known by hashes that Python's bcrypt made", async () => {
    using passwords = startPasswords();
    // bcrypt.hashpw(b"abc0123", bcrypt.gensalt(4))
    const hash = "$2b$04$4Y5cqMq6yMMgcRskbLMM4eNZutwtgp3YRuS.t1wU4lnxZeRoH43/a";
    assertEquals(await passwords.verify("abc0123", hash), true);
    assertEquals(await passwords.verify("abc0124", hash), false);
    assertEquals(await passwords.verify("x", "no hash at all"), false);
  });

  it("of more than 72 bytes, or with a zero byte, are known by all of them", async () => {
    using passwords = startPasswords({ cost: 4 });
    const long = "ä".repeat(5_000);
    const hash = await passwords.hash(`${long}a`);
    assertEquals(await passwords.verify(`${long}a`, hash), true);
    assertEquals(await passwords.verify(`${long}b`, hash), false);
    const zero = await passwords.hash("a\0b");
    assertEquals(await passwords.verify("a\0b", zero), true);
    assertEquals(await passwords.verify("a\0c", zero), false);
  });

  it("have hashes that tell themselves from the original's, and aren't taken for them", async () => {
    using passwords = startPasswords({ cost: 4 });
    const ours = await passwords.hash("password");
    assertEquals([isOurs(ours), isOurs("$2b$04$4Y5cqMq6yMMgcRskbLMM4e")], [true, false]);
    const unmarked = ours.slice(ours.indexOf("$2b$"));
    assertEquals(await passwords.verify("password", unmarked), false);
  });

  it("leave the event loop to others", async () => {
    using passwords = startPasswords({ cost: 10 });
    let turns = 0;
    const timer = setInterval(() => turns++, 1);
    await passwords.hash("x");
    clearInterval(timer);
    assert(turns > 5, `${turns}`);
  });

  it("wait in a queue that is limited", async () => {
    using passwords = startPasswords({ cost: 8 });
    const asked = Array.from({ length: 60 }, () => passwords.hash("x"));
    const settled = await Promise.allSettled(asked);
    const refused = settled.filter(({ status }) => status === "rejected");
    assertEquals(refused.length, 20);
    assert((refused[0] as PromiseRejectedResult).reason instanceof UnavailableError);
  });

  it("are refused when the thread ends, and checked again when asked again", async () => {
    const passwords = startPasswords({ cost: 10 });
    const lost = passwords.hash("x");
    passwords[Symbol.dispose]();
    await assertRejects(() => lost, UnavailableError, "thread was ended");
    assert((await passwords.hash("x")).includes("$2b$10$"));
    passwords[Symbol.dispose]();
  });
});
