// What a store should know beside lines and calls in line: which plans are in force, which pools are paused, when it was
// last spoken to and until when it is closed. Kept apart from the state machine, so that the referee does not have to
// believe it.
import type { LeaseTerms, PoolPlan } from '@trunkline/admission';
import type { PoolId } from '@trunkline/kernel';
import type { Step } from './step.js';

/** The memory of a store. */
export class Memory {
  readonly #plans = new Map<PoolId, PoolPlan>();
  readonly #pausedUntilMs = new Map<PoolId, number>();
  #beatMs: number | null = null;
  #closedUntilMs = 0;

  constructor(private readonly terms: LeaseTerms) {}

  /** A step begins: a store that heard nobody for long, or never, is closed for the recovery window. */
  enter({ nobodyIsOpen = false }: Step, nowMs: number): void {
    if (nobodyIsOpen) this.#beatMs = nowMs;
    if (this.#beatMs === null || nowMs - this.#beatMs > this.terms.silenceMaxMs)
      this.#closedUntilMs = nowMs + this.terms.recoveryMs;
    this.#beatMs = nowMs;
  }

  /** What a step leaves behind. */
  remember(step: Step, nowMs: number, adopted: readonly PoolPlan[]): void {
    if (this.#beatMs !== nowMs) this.enter(step, nowMs);
    const { pause } = step;
    for (const plan of adopted) this.adopt(plan);
    if (pause)
      this.#pausedUntilMs.set(pause.poolId, Math.max(this.#pausedUntilMs.get(pause.poolId) ?? 0, nowMs + pause.forMs));
  }

  adopt(plan: PoolPlan): void {
    const known = this.#plans.get(plan.poolId);
    if (!known || plan.version >= known.version) this.#plans.set(plan.poolId, plan);
  }

  /** The plan in force. */
  planOf(poolId: PoolId): PoolPlan | null {
    return this.#plans.get(poolId) ?? null;
  }

  plans(): Iterable<PoolPlan> {
    return this.#plans.values();
  }

  isClosed(nowMs: number): boolean {
    return nowMs < this.#closedUntilMs;
  }

  isPaused(poolId: PoolId, nowMs: number): boolean {
    return nowMs < (this.#pausedUntilMs.get(poolId) ?? 0);
  }
}
