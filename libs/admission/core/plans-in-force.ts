// Which plan of each pool is in force: the newest that anybody brought, whoever asks.
import type { PoolId } from '@trunkline/kernel';
import type { Caller } from './lease.js';
import type { PoolPlan } from './pool-plan.js';

/** Plans by pool. Bounded by the pools of the policy. */
export class PlansInForce {
  readonly #plans = new Map<PoolId, PoolPlan>();

  /** Somebody brought a plan; an older one than is known changes nothing. */
  adopt(plan: PoolPlan): void {
    const known = this.#plans.get(plan.poolId);
    if (!known || plan.version >= known.version) this.#plans.set(plan.poolId, plan);
  }

  /** The pool's; none before anybody brought one. */
  get(poolId: PoolId): PoolPlan | undefined {
    return this.#plans.get(poolId);
  }

  /** That of the caller's pool, or else what the caller brought. */
  of(caller: Caller): PoolPlan {
    return this.#plans.get(caller.place.poolId) ?? caller.plan;
  }
}
