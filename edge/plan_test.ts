import { describe, it } from "@std/testing/bdd";
import { assertEquals } from "@std/assert";
import { type Instance, plan } from "./plan.ts";

const gaia: Instance = { url: "gaia", healthy: true, catalogs: new Set(["Gaia"]) };
const both: Instance = { url: "both", healthy: true, catalogs: new Set(["Gaia", "ZTF"]) };
const down: Instance = { ...both, url: "down", healthy: false };

describe("plan()", () => {
  for (
    const [what, catalogs, instances, url] of [
      ["the first that holds every catalog", ["Gaia", "ZTF"], [gaia, both], "both"],
      ["the first of several that do", ["Gaia"], [gaia, both], "gaia"],
      ["the first for a query of no catalog", [], [gaia, both], "gaia"],
      ["none that is down", ["ZTF"], [down, both], "both"],
      ["a healthy one where nobody holds it, to say so", ["PS1"], [down, gaia], "gaia"],
      ["one that is down where all are: it may be up by now", ["ZTF"], [down], "down"],
      ["nobody where there is nobody", ["ZTF"], [], undefined],
    ] as const
  ) {
    it(`asks ${what}`, () => assertEquals(plan(catalogs, instances)?.url, url));
  }
});
