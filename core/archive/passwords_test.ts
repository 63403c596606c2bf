import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertRejects } from "@std/assert";
import { UnavailableError } from "../contract/query.ts";
import { startPasswords } from "./passwords.ts";

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

  it("that bcrypt would cut are refused", async () => {
    using passwords = startPasswords({ cost: 4 });
    await assertRejects(() => passwords.hash("ä".repeat(37)), Error, "length must be <= 72 bytes");
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
    assert((await passwords.hash("x")).startsWith("$2b$10$"));
    passwords[Symbol.dispose]();
  });
});
