/** Counts tests in the report of Deno's runner. */

export interface Counts {
  readonly passed: number;
  readonly failed: number;
  readonly skipped: number;
}

/**
 * Each test once, from a JUnit report. A group of tests (`describe`, or a test with steps) stands in
 * it beside them, as `group` beside `group > test`: it counts only where it failed by itself, by a
 * hook or a leak, and not for a test in it.
 */
export function countTests(junit: string): Counts {
  const cases = [...junit.matchAll(/<testcase name="([^"]*)"[^>]*?(?:\/>|>(.*?)<\/testcase>)/gs)]
    .map(([, name, body = ""]) => ({ name: name!, body }));
  const groups = new Set(cases.flatMap(({ name }) => groupsOf(name)));
  const counts = { passed: 0, failed: 0, skipped: 0 };
  for (const { name, body } of cases) {
    const isGroup = groups.has(name);
    if (body.includes("<failure")) {
      const isOfATest = isGroup && /<failure message="\d+ test steps? failed">/.test(body);
      if (!isOfATest) counts.failed++;
    } else if (isGroup) continue;
    else if (body.includes("<skipped")) counts.skipped++;
    else counts.passed++;
  }
  return counts;
}

/** `a` and `a > b` of `a > b > c`. */
function groupsOf(name: string): string[] {
  const parts = name.split(" &gt; ");
  return parts.slice(1).map((_, i) => parts.slice(0, i + 1).join(" &gt; "));
}

/**
 * What a run comes to: the counts of its report, and a failure more where the runner failed and no
 * test did: a file that doesn't load or type-check, a crash, no report at all.
 */
export function countRun(junit: string | null, exitCode: number): Counts {
  const counts = junit === null ? { passed: 0, failed: 0, skipped: 0 } : countTests(junit);
  const hasFailed = exitCode !== 0 || junit === null;
  return hasFailed && counts.failed === 0 ? { ...counts, failed: 1 } : counts;
}

export function addCounts(a: Counts, b: Counts): Counts {
  return {
    passed: a.passed + b.passed,
    failed: a.failed + b.failed,
    skipped: a.skipped + b.skipped,
  };
}
