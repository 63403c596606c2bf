/** What operations work with besides the archive's view: one store a file, all of them made here. */
import type { Db } from "mongodb";
import type { SurveyDef } from "../contract/survey.ts";
import type { Passwords } from "./passwords.ts";
import type { UserRules } from "./users.ts";

export interface StoresDeps {
  readonly db: Db;
  readonly surveys: readonly SurveyDef[];
  readonly rules: UserRules;
  readonly passwords: Passwords;
}

// deno-lint-ignore no-empty-interface
export interface Stores {}

export function createStores(_deps: StoresDeps): Stores {
  return {};
}
