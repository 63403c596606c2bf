import { describe, it } from "@std/testing/bdd";
import { assert, assertEquals, assertThrows } from "@std/assert";
import fc from "fast-check";
import {
  alertsOf,
  ApartError,
  archivesOf,
  catalogNames,
  copiesOf,
  holdersOf,
  homeOf,
  type Instance,
  type Plan,
  plan,
  planTogether,
} from "./plan.ts";

/** An instance that holds these catalogs, each with a count; before an archive of its own name. */
function instance(
  url: string,
  catalogs: Record<string, number | null>,
  more: Partial<Instance> & { archive?: string } = {},
): Instance {
  const { archive = url, ...rest } = more;
  const surveys = "ZTF" in catalogs ? { ztf: "ZTF" } : {};
  const report = { archive, catalogs, surveys, running: 0 };
  return { url, number: 1, isUp: true, load: 0, report, ...rest };
}

const gaia = instance("gaia", { Gaia: 100 });
const both = instance("both", { Gaia: 100, ZTF: 5 });
const ztf = instance("ztf", { ZTF: 5 });
const down = { ...both, url: "down", isUp: false };
const stranger: Instance = { ...ztf, url: "stranger", isUp: false, report: null };

/** Catalogs, share and addresses of each part; and what is missing. */
function told({ parts, missing }: Plan) {
  const asked = parts.map(({ catalogs, share, instances }) => {
    const range = share ? `[${share.from},${share.to})` : "";
    return `${catalogs.join("+")}${range}: ${instances.map(({ url }) => url).join(" ")}`;
  });
  const without = missing.map(({ catalog, instances }) =>
    `no ${catalog}: ${instances.map(({ url }) => url).join(" ")}`
  );
  return [...asked, ...without];
}

describe("plan()", () => {
  for (
    const [what, catalogs, instances, positions, expected] of [
      ["one that holds all of them, at once", ["Gaia", "ZTF"], [gaia, both], 0, [
        "Gaia+ZTF: both",
      ]],
      ["each for what it holds, in the order of the catalogs", ["ZTF", "Gaia"], [gaia, ztf], 0, [
        "ZTF: ztf",
        "Gaia: gaia",
      ]],
      [
        "neighbours together",
        ["A", "B", "C", "D"],
        [instance("one", { A: 1, B: 1, D: 1 }), instance("two", { C: 1 })],
        0,
        ["A+B: one", "C: two", "D: one"],
      ],
      ["the least busy of several first", ["Gaia"], [{ ...gaia, load: 2 }, both], 0, [
        "Gaia: both gaia",
      ]],
      ["none that is down while another holds it", ["ZTF"], [down, both], 0, ["ZTF: both"]],
      ["nobody for what only one holds that is down", ["ZTF", "Gaia"], [down, gaia], 0, [
        "Gaia: gaia",
        "no ZTF: down",
      ]],
      ["anybody for what nobody holds, who says so", ["PS1"], [{ ...down }, gaia], 0, [
        "PS1: gaia",
      ]],
      ["nobody for what a stranger may hold", ["PS1"], [gaia, stranger], 0, ["no PS1: stranger"]],
      ["nobody where there is nobody", ["PS1"], [], 0, ["no PS1: "]],
      [
        "no copy that is still being loaded",
        ["Gaia"],
        [instance("new", { Gaia: 89 }), gaia],
        0,
        ["Gaia: gaia"],
      ],
      [
        "no copy that isn't whole, even where the whole one is down",
        ["Gaia"],
        [instance("new", { Gaia: 3 }), { ...gaia, isUp: false }],
        0,
        ["no Gaia: gaia"],
      ],
      [
        "two copies that grew apart a little",
        ["Gaia"],
        [gaia, instance("other", { Gaia: 95 })],
        0,
        ["Gaia: gaia other"],
      ],
      ["a view, which nobody counts", ["V"], [instance("v", { V: null })], 0, ["V: v"]],
      [
        "two replicas for half of the positions each",
        ["Gaia", "ZTF"],
        [both, down, {
          ...both,
          url: "twin",
        }],
        501,
        [
          "Gaia[0,250): both twin",
          "Gaia[250,501): twin both",
          "ZTF[0,250): both twin",
          "ZTF[250,501): twin both",
        ],
      ],
      ["one replica for few positions", ["Gaia"], [gaia, both], 499, ["Gaia: gaia both"]],
    ] as const
  ) {
    it(`asks ${what}`, () => {
      assertEquals(told(plan(catalogs, instances, positions)), [...expected]);
    });
  }

  it("asks for each catalog and each position exactly once, of who is up and holds it", () => {
    const names = ["A", "B", "C", "D"];
    const fleet = fc.array(
      fc.record({ held: fc.subarray(names), isUp: fc.boolean(), load: fc.nat(3) }),
      { minLength: 1, maxLength: 4 },
    ).map((all) =>
      all.map(({ held, isUp, load }, i) =>
        instance(`${i}`, Object.fromEntries(held.map((name) => [name, 1])), { isUp, load })
      )
    );
    fc.assert(fc.property(fc.subarray(names), fleet, fc.nat(2_000), (asked, instances, n) => {
      const { parts, missing } = plan(asked, instances, n);
      const found = parts.flatMap(({ catalogs, share }) =>
        catalogs.map((name) => [name, share ?? { from: 0, to: n }] as const)
      );
      for (const name of asked) {
        const isMissing = missing.some(({ catalog }) => catalog === name);
        const shares = found.filter(([catalog]) => catalog === name).map(([, share]) => share);
        if (isMissing) assertEquals(shares, []);
        else {
          assertEquals(shares[0]!.from, 0);
          assertEquals(shares.at(-1)!.to, n);
          shares.slice(1).forEach(({ from }, i) => assertEquals(from, shares[i]!.to));
          const sizes = shares.map(({ from, to }) => to - from);
          assert(Math.max(...sizes) - Math.min(...sizes) <= 1);
        }
      }
      const order = [...new Set(found.map(([name]) => name))];
      assertEquals(order, asked.filter((name) => order.includes(name)));
      for (const { catalogs, instances: able } of parts) {
        assert(able.length > 0 && able.every(({ isUp }) => isUp));
        for (const name of catalogs) {
          const isHeld = instances.some(({ report }) => name in report!.catalogs);
          assert(!isHeld || able.every(({ report }) => name in report!.catalogs));
        }
      }
    }));
  });
});

describe("planTogether()", () => {
  it("asks one that holds all of them", () => {
    assertEquals(told(planTogether("Gaia", ["ZTF"], [gaia, both, ztf])), ["Gaia+ZTF: both"]);
  });

  it("doesn't mind what nobody knows", () => {
    assertEquals(told(planTogether("Gaia", ["nope"], [ztf, gaia])), ["Gaia: gaia"]);
  });

  it("says which are missing where who holds all of them is down", () => {
    assertEquals(told(planTogether("Gaia", ["ZTF"], [gaia, ztf, down])), [
      "no Gaia: down",
      "no ZTF: down",
    ]);
  });

  it("throws where nobody holds all of them", () => {
    assertThrows(
      () => planTogether("Gaia", ["ZTF"], [gaia, ztf]),
      ApartError,
      "Cannot read Gaia and ZTF together as one instance must hold all of them",
    );
  });
});

describe("who is who", () => {
  const first = instance("first", { ZTF: 5 }, { archive: "x" });
  const twin = instance("twin", { ZTF: 5 }, { archive: "x" });

  it("tells replicas by their archive, and strangers from all others", () => {
    const urls = (lists: Instance[][]) => lists.map((list) => list.map(({ url }) => url));
    assertEquals(urls([homeOf([first, gaia, twin])]), [["first", "twin"]]);
    assertEquals(urls([homeOf([stranger, gaia])]), [["stranger"]]);
    assertEquals(urls(archivesOf([first, gaia, stranger, twin])), [
      ["first", "twin"],
      ["gaia"],
      ["stranger"],
    ]);
  });

  it("tells who has some of a catalog, or may have", () => {
    const loading = instance("loading", { ZTF: 1 });
    const urls = (catalog: string) =>
      copiesOf(catalog, [first, gaia, stranger, loading]).map(({ url }) => url);
    assertEquals(urls("ZTF"), ["first", "stranger", "loading"]);
    assertEquals(urls("toString"), ["stranger"]);
  });

  it("tells the alerts of a survey by its name in any case", () => {
    assertEquals([alertsOf("ztf", [gaia, both]), alertsOf("ZTF", [both])], ["ZTF", "ZTF"]);
    assertEquals([alertsOf("ZTF", [gaia]), alertsOf("toString", [both])], [undefined, undefined]);
  });

  it("knows no catalog by a name of the language's own", () => {
    assertEquals(holdersOf("constructor", [gaia, stranger]), [stranger]);
  });

  it("lists the catalogs of all, descending, also of who is down", () => {
    assertEquals(catalogNames([gaia, down, stranger]), ["ZTF", "Gaia"]);
  });
});
