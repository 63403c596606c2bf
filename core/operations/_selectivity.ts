/** Refuses a version that most alerts of a night pass, where the settings say so: it would drown its readers. */
import type { TrialScope } from "../archive/filter_trials.ts";
import { QueryError } from "../contract/query.ts";
import type { OperationContext } from "../operation.ts";

/** Of fewer, a share says little. */
const ALERTS_MIN = 100;

/** Throws `QueryError`; an admin may have it saved all the same, with `override`. */
export async function checkSelectivity(
  scope: TrialScope,
  pipeline: string,
  { isOverridden, context, signal }: {
    readonly isOverridden: boolean;
    readonly context: OperationContext;
    readonly signal: AbortSignal;
  },
): Promise<void> {
  const { principal, stores: { selectivity } } = context;
  const { shareMax } = selectivity;
  if (shareMax === null || (isOverridden && principal.admin)) return;
  const { night, alerts, passes } = await selectivity.of(scope, pipeline, signal);
  if (alerts < ALERTS_MIN || passes / alerts <= shareMax) return;
  const percent = Number((100 * shareMax).toPrecision(6));
  throw new QueryError(
    `Cannot save the version as <= ${percent} % of the alerts of the night ${night} must pass it: ` +
      `${passes} of ${alerts} do. An admin may save it with "override": true`,
  );
}
