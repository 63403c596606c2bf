import { describe, it } from "@std/testing/bdd";
import { assertEquals, assertRejects } from "@std/assert";
import { z } from "zod";
import { QueryError } from "../contract/query.ts";
import {
  defineOperation,
  type OperationAnswer,
  type OperationContext,
  RefusedError,
} from "../operation.ts";
import { writeDocument } from "../archive/bson_write.ts";
import { answerOperation } from "./answer_operation.ts";

const NOTHING = { path: "{}", search: "", body: "" };

async function answer(
  run: (input: unknown) => OperationAnswer,
  text: Partial<typeof NOTHING> = {},
  input: z.ZodType = z.unknown(),
) {
  const operation = defineOperation({ name: "it", permission: "classify", input, run });
  const principal = { name: "a", admin: false, permissions: ["classify"], programIds: [1] };
  return await answerOperation(
    operation,
    { ...NOTHING, ...text },
    { principal } as unknown as OperationContext,
  );
}

describe("answerOperation()", () => {
  it("gives the operation path, query string and body, numbers exact", async () => {
    let got: unknown;
    await answer((input) => {
      got = input;
      return { kind: "json" };
    }, {
      path: '{"candid": "7"}',
      search: "a=1&a=2&b=x%20y",
      body: '{"candid": 1127561445515015011}',
    });
    assertEquals(got, {
      path: { candid: "7" },
      search: { a: "2", b: "x y" },
      searchAll: { a: ["1", "2"], b: ["x y"] },
      body: { candid: 1127561445515015011n },
    });
  });

  it("writes the envelope, ids exact, and nothing that isn't there", async () => {
    const response = await answer(() => ({
      kind: "json",
      httpStatus: 409,
      status: "already_exists",
      data: { candid: 1127561445515015011n, none: NaN },
    }));
    assertEquals(response.status, 409);
    assertEquals(
      await response.text(),
      '{"status": "already_exists", "data": {"candid": 1127561445515015011, ' +
        '"none": {"$numberDouble": "NaN"}}}',
    );
  });

  it("passes bytes on as they are", async () => {
    const bytes = new Uint8Array([1, 2, 3]);
    const response = await answer(() => ({ kind: "bytes", contentType: "image/png", bytes }));
    assertEquals(response.headers.get("content-type"), "image/png");
    assertEquals(new Uint8Array(await response.arrayBuffer()), bytes);
  });

  it("writes documents as they come, and fails where the first of them do", async () => {
    const documents = async function* () {
      yield [writeDocument({ candid: 1127561445515015011n }), writeDocument({})];
      await Promise.resolve();
      yield [writeDocument({ a: 1 })];
    };
    const response = await answer(() => ({
      kind: "list",
      message: "done",
      documents: documents(),
    }));
    assertEquals(
      await response.text(),
      '{"status": "success", "message": "done", "data": ' +
        '[{"candid": 1127561445515015011}, {}, {"a": 1}]}',
    );
    // deno-lint-ignore require-yield
    const broken = async function* () {
      await Promise.resolve();
      throw new QueryError("failure: too late");
    };
    await assertRejects(
      () => answer(() => ({ kind: "list", message: "", documents: broken() })),
      QueryError,
      "too late",
    );
  });

  it("refuses whoever lacks the permission, and what the schema doesn't take", async () => {
    const operation = defineOperation({
      name: "it",
      permission: "drop",
      input: z.unknown(),
      run: () => ({ kind: "json" }),
    });
    const principal = { name: "a", admin: false, permissions: [], programIds: [] };
    await assertRejects(
      () => answerOperation(operation, NOTHING, { principal } as unknown as OperationContext),
      RefusedError,
      'this needs the permission "drop"',
    );
    await assertRejects(
      () => answer(() => ({ kind: "json" }), {}, z.object({ body: z.object({ a: z.int() }) })),
      QueryError,
      "ValidationError",
    );
  });
});
