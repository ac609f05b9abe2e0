// What a store should know beside lines and calls in line: which plans are in force, which pools and families are paused by
// the upstream's word or for want of tokens (ADR 023, counted anew from a list of what went by), when it was last spoken to and until when it is closed. Kept apart from the state machine, so that the referee does not have to
// believe it.
import type { LeaseTerms, Place, PoolPlan, TokenUse } from '@trunkline/admission';
import type { PoolId } from '@trunkline/kernel';
import type { Step } from './step.js';

/** The memory of a store. */
export class Memory {
  readonly #plans = new Map<PoolId, PoolPlan>();
  readonly #pausedUntilMs = new Map<string, number>();
  readonly #uses = new Map<string, (readonly [second: number, tokens: number])[]>();
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
    const { pause, use } = step;
    for (const plan of adopted) this.adopt(plan);
    if (pause) this.#pause(nameOf(pause), nowMs + pause.forMs);
    if (use) this.#use(use, nowMs);
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

  /** Whether the place's pool is paused, or its family in it. */
  isPaused({ poolId, family }: Pick<Place, 'poolId' | 'family'>, nowMs: number): boolean {
    const names = [nameOf({ poolId, family: null }), nameOf({ poolId, family })];
    return names.some((name) => nowMs < (this.#pausedUntilMs.get(name) ?? 0));
  }

  #pause(name: string, untilMs: number): void {
    this.#pausedUntilMs.set(name, Math.max(this.#pausedUntilMs.get(name) ?? 0, untilMs));
  }

  // Nine tenths of what a minute has are too much: until the second at which less of them is a minute old or younger.
  #use(use: TokenUse, nowMs: number): void {
    const uses = this.#uses.get(nameOf(use)) ?? [];
    this.#uses.set(nameOf(use), uses);
    const now = Math.floor(nowMs / 1000);
    uses.push([now, use.tokens]);
    const inMinuteAt = (second: number): number =>
      uses.reduce((sum, [at, tokens]) => sum + (at > second - 60 ? tokens : 0), 0);
    let second = now;
    while (inMinuteAt(second) >= 0.9 * use.tokensPerMinuteMax) second += 1;
    if (second > now) this.#pause(nameOf(use), second * 1000);
  }
}

function nameOf({ poolId, family }: { readonly poolId: PoolId; readonly family: string | null }): string {
  return family === null ? poolId : `${poolId}|${family}`;
}
