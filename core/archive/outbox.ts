/** Placeholder until the outbox is here. */
import type { ClientSession, Db } from "mongodb";
import type { Passed } from "../contract/passed.ts";
import { insertAll } from "./insert.ts";

export async function putPassed(db: Db, passed: readonly Passed[], session: ClientSession) {
  await insertAll(db, "outbox", passed as never, session);
}
