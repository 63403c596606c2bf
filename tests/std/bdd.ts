/** Stands in for `@std/testing/bdd` where JSR can't be reached: the same names over Deno's own runner. */
export {
  after as afterAll,
  afterEach,
  before as beforeAll,
  beforeEach,
  describe,
  it,
} from "node:test";
