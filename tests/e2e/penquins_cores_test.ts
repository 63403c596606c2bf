/** The Python client that people have, unmodified, with two edges before three cores. */
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { ADMIN } from "../support/api.ts";
import { findPenquins } from "../support/penquins.ts";
import { startFleet } from "./_instances.ts";
import { fillCatalogs, ROWS } from "./_catalogs.ts";

const SCRIPT = new URL("./penquins_cores_client.py", import.meta.url).pathname;
const HELD = [["alpha", "shared"], ["beta"], ["gamma", "shared"]];
const python = await findPenquins();

describe("penquins 2.4.2, unmodified, with two edges before three cores", () => {
  it("behaves as with two servers that hold everything", { skip: python === null }, async () => {
    await using fleet = await startFleet(HELD.map((names) => (db) => fillCatalogs(db, names)), 2);
    const [, beta] = fleet.dbs;
    await beta!.command({ profile: 2 });
    const ports = fleet.edges.map(({ url }) => new URL(url).port);
    const pid = `${fleet.cores[1]!.pid}`;
    const client = new Deno.Command(python!, {
      args: [SCRIPT, ...ports, ADMIN.username, ADMIN.password, pid],
      stdin: "piped",
      stdout: "piped",
      stderr: "piped",
    }).spawn();
    const failure = new Response(client.stderr).text();
    const done = client.stdin.getWriter();
    let said = "";
    for await (const text of client.stdout.pipeThrough(new TextDecoderStream())) {
      said += text;
      if (said.endsWith("kill\n")) await fleet.cores[2]!.kill();
      else if (said.endsWith("start\n")) await fleet.cores[2]!.start();
      else continue;
      await done.write(new TextEncoder().encode("done\n"));
    }
    await done.close();
    assertEquals((await client.status).success, true, await failure);
    assertEquals(JSON.parse(said.trim().split("\n").at(-1)!), {
      ping: [true, true],
      same_lists: true,
      descending: true,
      all_listed: true,
      split: true,
      found: true,
      whole: true,
      near: true,
      find_alpha: true,
      find_beta: true,
      find_gamma: true,
      find_shared: true,
      batch: true,
      info_needs_name: true,
      info: true,
      catalog_info: true,
      unknown: true,
      duplicate: true,
      alias: true,
      three: { first: ["alpha"], second: ["beta"], alias: ["gamma"] },
      slow: ROWS - 13,
      down: [true, true],
      others: true,
      part: [["alpha", "beta", "shared"], ["gamma"]],
      still_listed: true,
      back: true,
    });
    const asked = await beta!.collection("system.profile").find().toArray();
    const slow = asked.filter(({ command }) => JSON.stringify(command).includes('{"$gte":13}'));
    assertEquals(slow.length, 1);
  });
});
