// What is left of an upstream account's tokens a minute, as far as we used them ourselves: admission pauses before the
// upstream refuses. Where the pool's caps are by model family, so are its tokens: OpenAI's limits are of a model. A family
// without a cap of its own counts with all others of its kind, and pauses the pool.
import type { PoolId } from '@trunkline/kernel';
import type { PoolPlan } from './pool-plan.js';

/** Tokens that went by in a pool. */
export interface TokenUse {
  readonly poolId: PoolId;
  /** The family that they count and pause for; null: the pool as a whole. */
  readonly family: string | null;
  readonly tokens: number;
  /** What the account may use in a minute. */
  readonly tokensPerMinuteMax: number;
}

// As with the upstream's own word: from a tenth on, the next turns of the calls that are open will use what is left.
const HEADROOM_PERCENT = 10;

/** So many tokens in a minute leave no room for new sessions. */
export function headroomMark(tokensPerMinuteMax: number): number {
  return Math.max(1, tokensPerMinuteMax - Math.floor((tokensPerMinuteMax * HEADROOM_PERCENT) / 100));
}

/** The family that tokens of this one count for in the pool. */
export function tokenFamily({ familyMax }: Pick<PoolPlan, 'familyMax'>, family: string): string | null {
  return Object.hasOwn(familyMax, family) ? family : null;
}
