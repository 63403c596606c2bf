/** What is known of the cores: whether they answer, and what they hold. Asked again as it gets old. */
import { Catalogs } from "../core/contract/edge.ts";
import { type Ask, CoreUnavailableError } from "./ask.ts";
import { type Instance, plan } from "./plan.ts";

export interface Instances {
  readonly urls: readonly string[];
  /** The address of the core to ask for something about these catalogs. */
  choose(catalogs: readonly string[]): Promise<string>;
  /** Asks all cores anew and tells whether any answers. */
  isAnyHealthy(): Promise<boolean>;
}

/** A catalog that was just made is found this late. */
const AGE_MS_MAX = 5_000;
/** Longer than any core that is well takes to list its catalogs. */
const ANSWER_MS_MAX = 3_000;

export function createInstances(
  urls: readonly string[],
  ask: Ask,
  now: () => number = Date.now,
): Instances {
  let known: Promise<Instance[]> | undefined;
  let askedMs = -Infinity;

  return { urls, choose, isAnyHealthy };

  async function choose(catalogs: readonly string[]): Promise<string> {
    const [only] = urls;
    if (urls.length === 1) return only!; // Nothing to choose, so nothing to know.
    if (now() - askedMs > AGE_MS_MAX) {
      const asked = askAll();
      // What is known serves until more is; only who comes first has to wait.
      known ??= asked;
    }
    const chosen = plan(catalogs, await known!);
    if (!chosen) throw new CoreUnavailableError("Cannot ask a core as there must be one");
    return chosen.url;
  }

  async function isAnyHealthy(): Promise<boolean> {
    return (await askAll()).some(({ healthy }) => healthy);
  }

  async function askAll(): Promise<Instance[]> {
    askedMs = now();
    const asked = Promise.all(urls.map(look));
    const instances = await asked;
    known = asked;
    return instances;
  }

  async function look(url: string): Promise<Instance> {
    try {
      const signal = AbortSignal.timeout(ANSWER_MS_MAX);
      const response = await ask(url, { path: "/v1/catalogs", signal });
      const { catalogs } = Catalogs.parse(await response.json());
      return { url, healthy: true, catalogs: new Set(catalogs) };
    } catch {
      return { url, healthy: false, catalogs: new Set() };
    }
  }
}
