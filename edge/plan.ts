/** Which of several cores is asked. Pure: what is known of the cores comes in, the choice goes out. */

export interface Instance {
  readonly url: string;
  /** Whether it answered when it was last asked. */
  readonly healthy: boolean;
  readonly catalogs: ReadonlySet<string>;
}

/**
 * The first core that is healthy and holds all the catalogs; where none holds them, the first healthy
 * one, which says so as it would if it were alone; where none is healthy, the first, which may be by
 * now. Undefined: there are no cores.
 */
export function plan(
  catalogs: readonly string[],
  instances: readonly Instance[],
): Instance | undefined {
  const healthy = instances.filter((instance) => instance.healthy);
  return healthy.find((instance) => catalogs.every((name) => instance.catalogs.has(name))) ??
    healthy[0] ?? instances[0];
}
