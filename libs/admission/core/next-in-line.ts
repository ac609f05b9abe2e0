// Who is owed the next line of a pool, of the calls in line that may have one: the tenant that `fair-share.ts` says, and of
// its calls the first.
import type { PoolId } from '@trunkline/kernel';
import { isAhead, phaseOf, turnOf, type Contender } from './fair-share.js';
import type { LineCounts } from './line-counts.js';
import type { Obstacles } from './obstacles.js';
import type { PlansInForce } from './plans-in-force.js';
import { shareOf } from './pool-plan.js';
import type { Waiter, WaitingQueue } from './waiting-queue.js';

/** What is looked at. */
export interface NextInLineParts {
  readonly counts: LineCounts;
  readonly queue: WaitingQueue;
  readonly plans: PlansInForce;
  readonly obstacles: Obstacles;
}

/** The order in which lines are given. */
export class NextInLine {
  /** Lines given so far, by pool. */
  readonly #given = new Map<PoolId, number>();

  constructor(private readonly parts: NextInLineParts) {}

  /** A line of the pool was given: its turn goes on. */
  gave(poolId: PoolId): void {
    this.#given.set(poolId, (this.#given.get(poolId) ?? 0) + 1);
  }

  /** The call that is owed the next line of the pool; null: nobody in line may have one. */
  of(poolId: PoolId, nowMs: number): Waiter | null {
    const { counts, queue, plans, obstacles } = this.parts;
    const plan = plans.get(poolId);
    // A full pool is full for everybody: the usual case, and not worth a look at each call.
    if (typeof plan?.sessionsMax === 'number' && counts.of(`p|${poolId}`) >= plan.sessionsMax) return null;
    const turn = turnOf(plan, this.#given.get(poolId) ?? 0);
    const tenantsSeen = new Set<string>();
    let best: { readonly waiter: Waiter; readonly contender: Contender } | null = null;
    for (const waiter of queue.ofPool(poolId)) {
      const { tenantId } = waiter.caller.place;
      if (tenantsSeen.has(tenantId) || obstacles.of(waiter.caller, nowMs) !== null) continue;
      tenantsSeen.add(tenantId);
      const { floor, weight } = shareOf(plans.of(waiter.caller), tenantId);
      const held = counts.of(`pt|${poolId}|${tenantId}`);
      const contender = { held, floor, weight, phase: phaseOf(tenantId, turn), sequence: waiter.sequence };
      if (best === null || isAhead(contender, best.contender)) best = { waiter, contender };
    }
    return best?.waiter ?? null;
  }
}
