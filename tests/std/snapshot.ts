/** Stands in for `@std/testing/snapshot` where JSR can't be reached: Deno's runner has it built in. */
export async function assertSnapshot(t: Deno.TestContext, actual: unknown): Promise<void> {
  await (t as Deno.TestContext & { assertSnapshot(value: unknown): Promise<void> })
    .assertSnapshot(actual);
}
