import { assert, assertEquals, assertThrows } from "@std/assert";
import { describe, it } from "@std/testing/bdd";
import { checkExpression } from "../../../archive/allowed.ts";
import { type Document, Double } from "../../../contract/document.ts";
import { giveBudget } from "../budget.ts";
import { BudgetError, FilterError, NotCompiled } from "../errors.ts";
import { compileExpression, rootScope } from "./compile.ts";
import { IN_MONGODB, REFUSED } from "./elsewhere.ts";
import { COMPILED, expressionCoverage } from "./operators.ts";

function evaluate(expression: unknown, document: Document = {}): unknown {
  const scope = rootScope("stage 3");
  return compileExpression(expression, scope).evaluate(document, scope.newFrame());
}

describe("expressions", () => {
  it("read paths, through arrays, and nothing that JavaScript has of its own", () => {
    const document = { a: { b: 1 }, c: [{ d: 1 }, 5, { d: 2 }, {}], e: new Double(3) };
    assertEquals(evaluate("$a.b", document), 1);
    assertEquals(evaluate("$c.d", document), [1, 2]);
    assertEquals(evaluate("$e.value", document), undefined);
    assertEquals(evaluate("$constructor", document), undefined);
    assertEquals(evaluate("$a.toString", document), undefined);
    assertEquals(evaluate("$$ROOT.a", document), { b: 1 });
  });

  it("leave the document as it is", () => {
    const document = Object.freeze({ a: Object.freeze([3, 1, 2]), o: Object.freeze({ x: 1 }) });
    assertEquals(evaluate({ $sortArray: { input: "$a", sortBy: 1 } }, document), [1, 2, 3]);
    const set = { $setField: { field: "x", input: "$o", value: 2 } };
    assertEquals(evaluate(set, document), { x: 2 });
    assertEquals(evaluate({ $reverseArray: "$a" }, document), [2, 1, 3]);
  });

  it("have variables where they are bound, and only there", () => {
    const nested = { $map: { input: "$a", in: { $map: { input: "$$this", as: "x", in: "$$x" } } } };
    assertEquals(evaluate(nested, { a: [[1], [2, 3]] }), [[1], [2, 3]]);
    const shadowed = {
      $let: { vars: { v: 1 }, in: { $let: { vars: { v: 2, w: "$$v" }, in: ["$$v", "$$w"] } } },
    };
    assertEquals(evaluate(shadowed), [2, 1]);
    assertThrows(() => evaluate({ $add: ["$$x", 1] }), FilterError, "undefined variable: x");
    const current = { $let: { vars: { CURRENT: "$o" }, in: ["$x", "$$ROOT.y"] } };
    assertEquals(evaluate(current, { o: { x: 1 }, y: 2 }), [1, 2]);
  });

  it("leave out what is missing from objects, and have null for it in arrays", () => {
    assertEquals(evaluate({ a: "$x", b: ["$x"], c: "$$REMOVE" }), { b: [null] });
  });

  it("say where they are wrong", () => {
    const wrong = { $map: { input: "$a", in: { $nope: 1 } } };
    assertThrows(() => evaluate(wrong), FilterError, "stage 3, $map.in: Unrecognized");
    const zero = { $cond: ["$a", { $divide: [1, 0] }, 2] };
    assertThrows(() => evaluate(zero), FilterError, "stage 3, $cond.1.$divide: can't $divide");
    assertThrows(() => evaluate({ $abs: [1, 2] }), FilterError, "stage 3, $abs");
    assertThrows(() => evaluate({ $abs: 1, $add: [] }), FilterError, "one field");
  });

  it("aren't computed beforehand where MongoDB doesn't", () => {
    const branch = { case: false, then: { $divide: [1, 0] } };
    assertEquals(evaluate({ $switch: { branches: [branch], default: 5 } }), 5);
    assertEquals(evaluate({ $and: [{ $divide: [1, "$zero"] }, false] }, { zero: 0 }), false);
  });

  it("that only MongoDB computes say so, and those nobody may use are refused", () => {
    for (const name of Object.keys(IN_MONGODB)) {
      assertThrows(() => evaluate({ [name]: {} }), NotCompiled, `stage 3, ${name}: ${name}, as`);
    }
    for (const name of REFUSED) {
      assertThrows(() => evaluate({ [name]: {} }), FilterError, "is not allowed");
    }
  });

  it("are those that the archive lets pass", () => {
    for (const name of Object.keys(COMPILED)) {
      if (name !== "$const") checkExpression({ [name]: [] });
    }
  });

  it("are each computed in one place", () => {
    const coverage = expressionCoverage();
    assertEquals(new Set(coverage.map(({ name }) => name)).size, coverage.length);
    assertEquals(coverage[0], { name: "$abs", where: "in process" });
    assert(coverage.length > 140, `${coverage.length}`);
  });

  it("tell MongoDB's errors from those of what isn't done here", () => {
    assertThrows(() => evaluate({ $sin: "$a" }, { a: "x" }), FilterError, "numeric");
    const zone = { $hour: { date: "$a", timezone: "Africa/Cairo" } };
    assertThrows(() => evaluate(zone, { a: new Date(0) }), NotCompiled, "Africa/Cairo");
    // JavaScript would put the field first.
    const order = { $mergeObjects: [{ b: 1 }, { "1": 2 }] };
    assertThrows(() => evaluate(order), NotCompiled, "field '1'");
  });

  it("end when a filter has spent its budget", () => {
    const many = { $range: [0, 100_000] };
    const squares = {
      $map: { input: many, in: { $sum: { $map: { input: many, in: "$$this" } } } },
    };
    giveBudget(1_000_000);
    assertThrows(() => evaluate(squares), BudgetError);
    const doubling = {
      $reduce: {
        input: { $range: [0, 60] },
        initialValue: "0123456789abcdef",
        in: { $concat: ["$$value", "$$value"] },
      },
    };
    giveBudget(1_000_000);
    assertThrows(() => evaluate(doubling), BudgetError);
    giveBudget();
  });
});

describe("what is known of an expression beforehand", () => {
  it("is each path that it reads, and where", () => {
    const scope = rootScope("stage 1");
    compileExpression({
      $max: {
        $map: {
          input: { $filter: { input: "$prv_candidates", cond: { $eq: ["$$this.fid", 1] } } },
          as: "p",
          in: { $subtract: ["$$p.jd", "$candidate.jd"] },
        },
      },
    }, scope);
    assertEquals(scope.paths.map(({ path }) => path), [
      "prv_candidates",
      "prv_candidates.fid",
      "prv_candidates.jd",
      "candidate.jd",
    ]);
    assertEquals(scope.paths.at(-1)!.place, "stage 1, $max.$map.in.$subtract.1");
  });

  it("is found by compiling each part once, however deep it stands", () => {
    const scope = rootScope();
    let deep: unknown = "$a";
    for (const name of ["$eq", "$in", "$setIsSubset", "$and", "$add", "$ifNull", "$cmp", "$max"]) {
      const other = ["$in", "$setIsSubset"].includes(name) ? [1] : 1;
      for (let i = 0; i < 5; i++) deep = { [name]: [deep, other] };
    }
    compileExpression(deep, scope);
    assertEquals(scope.paths.length, 1);
  });

  it("is whether several filters can share it", () => {
    const shared: unknown[] = [];
    const scope = rootScope("", (json, expression) => {
      shared.push(json);
      return expression;
    });
    const length = { $size: "$a" };
    compileExpression({ $map: { input: "$a", in: { $add: ["$$this", length] } } }, scope);
    assertEquals(shared[0], length); // Not what reads `$$this`.
    assertEquals(shared.length, 2);
    assert("$map" in (shared[1] as Document));
  });
});
