/**
 * Whatever schemathesis makes of the OpenAPI document, sent with the token of each role: no 5xx, and no
 * answer that the document doesn't tell of. Needs schemathesis (`KOWALSKI_TEST_VENV`, or FULL=1).
 */
import { after, before } from "node:test";
import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import {
  catalog,
  type FilterApi,
  guest,
  type Person,
  skyportal,
  startFilterApi,
} from "../support/filter_api.ts";
import { findPython } from "../support/python.ts";
import { startRunner } from "../support/replays.ts";

const isFull = Deno.env.get("KOWALSKI_TEST_FULL") === "1";
const python = await findPython({
  packages: ["schemathesis==4.32.5"],
  has: "import schemathesis",
  install: isFull,
});
if (python === null) {
  console.log("Skipped: schemathesis isn't here (KOWALSKI_TEST_VENV, or KOWALSKI_TEST_FULL=1)");
}
/** Examples of each operation and phase. */
const EXAMPLES = isFull ? 40 : 5;
/**
 * What the API has otherwise, as the original had it: a token that can't be read is a 400, which
 * `every_route_test.ts` shows for each route; not every body of the right form makes sense; and more
 * forms are taken than the document tells of.
 */
const UNASKED =
  "ignored_auth,missing_required_header,positive_data_acceptance,negative_data_rejection";
/** Whose account is changed and removed: without that of who asks, all answers would be the same. */
const somebody: Person = { username: "somebody", password: "a password of somebody" };

describe("the OpenAPI document, by schemathesis", { skip: python === null }, () => {
  let filters: FilterApi;
  before(async () => {
    filters = await startFilterApi();
    await filters.ok("POST", "/api/filters", {
      filter_id: 1,
      group_id: 1,
      catalog,
      permissions: [1],
      pipeline: [{ $match: { "candidate.drb": { $gt: 0.15 } } }],
    });
  });
  after(() => filters[Symbol.asyncDispose]());

  const ROLES = { "an admin": undefined, "a service": skyportal, "a user": guest };
  for (const [role, person] of Object.entries(ROLES)) {
    it(`tells all that happens to ${role}`, async () => {
      await using _runner = await startRunner(filters.api.database);
      await filters.send("POST", "/api/users", somebody);
      const token = await filters.api.token(person);
      const folder = Deno.makeTempDirSync();
      Deno.writeTextFileSync(
        `${folder}/schemathesis.toml`,
        `[parameters]\n"path.username" = "${somebody.username}"\n`,
      );
      const { code, stdout } = await new Deno.Command(python!, {
        args: [
          ...["-m", "schemathesis.cli", "run", `${filters.api.edge.url}/docs/api/openapi.json`],
          ...["--header", `Authorization: ${token}`, "--exclude-checks", UNASKED],
          ...["--max-examples", String(EXAMPLES), "--seed", "2", "--no-color"],
          ...["--suppress-health-check", "all", "--request-timeout", "60", "--warnings", "off"],
        ],
        env: { PYTHONIOENCODING: "utf-8" },
        cwd: folder,
      }).output();
      const told = new TextDecoder().decode(stdout);
      Deno.removeSync(folder, { recursive: true });
      assertEquals(code, 0, told.slice(-6_000));
      console.log(told.match(/\d+ generated.*|API calls.*|.*passed.*/g)?.at(-1) ?? "");
      assertEquals(filters.api.errors, []);
    });
  }
});
