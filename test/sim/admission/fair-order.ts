// Whether each line went to the tenant that was owed it, as far as that does not hang on the rounding that moves on slowly
// (`fair-share.ts`): nobody at its floor before who is below, and nobody who holds as much for its weight as the other
// would with one line more.
import { shareOf, type Lease, type Place, type PoolPlan } from '@trunkline/admission';
import type { Rules, Tally } from './rules.js';
import type { StepRun } from './step-run.js';
import { Violation } from './violation.js';

/** Judges the lines given in a step, in their order. `tally` counts the lines as they stand after it. */
export function assertOwed(
  { board, memory, nowMs, step }: StepRun,
  granted: readonly Lease[],
  { rules, tally }: { readonly rules: Rules; readonly tally: Tally },
): void {
  for (const lease of granted.toReversed()) {
    // As it was when this line was given.
    tally.add(rules.scopesOf(lease.place), -1);
    const { poolId, tenantId } = lease.place;
    const plan = memory.planOf(poolId);
    if (!plan) continue;
    for (const { caller } of board.queue.ofPool(poolId)) {
      if (caller.place.tenantId === tenantId || !isAheadForSure(caller.place, lease.place, { plan, tally })) continue;
      if (memory.isPaused(caller.place, nowMs)) continue;
      if (caller.own.sessionsPerMinuteMax !== null || rules.whyNoRoom(caller, plan, tally) !== null) continue;
      throw new Violation(
        'unfair',
        `${lease.sessionId} of ${tenantId} was given a line that ${caller.sessionId} of ${caller.place.tenantId} was owed, at ${step.kind}`,
      );
    }
  }
  for (const { place } of granted) tally.add(rules.scopesOf(place));
}

function isAheadForSure(
  a: Place,
  b: Place,
  { plan, tally }: { readonly plan: PoolPlan; readonly tally: Tally },
): boolean {
  const standing = ({ tenantId }: Place) => {
    const { floor, weight } = shareOf(plan, tenantId);
    return { above: tally.of(`pt|${plan.poolId}|${tenantId}`) - floor, weight };
  };
  const [x, y] = [standing(a), standing(b)];
  if (x.above < 0 || y.above < 0) return x.above < y.above;
  return (x.above + 1) * y.weight <= y.above * x.weight;
}
