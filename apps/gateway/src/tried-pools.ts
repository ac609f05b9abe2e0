// The pools in which a call was tried in vain, and what it is told of that: that a line is missing says more to who may come
// again than that another pool's upstream is away, so it hears of an upstream only where every pool had a line.
import type { PoolId } from '@trunkline/kernel';
import type { Refused } from './call-trail.js';

/** A try that another pool, or a wait, may still do better than. */
export type InVain =
  /** `isEverywhere`: nor would it have one of another pool. `ownLineEnds`: one of its key comes free in a moment. */
  | (Refused & { readonly kind: 'no_line'; readonly isEverywhere: boolean; readonly ownLineEnds: boolean })
  | (Refused & { readonly kind: 'no_upstream'; readonly poolId: PoolId });

/** What came of the tries of one call. */
export class TriedPools {
  /** Pools that had a line, but no upstream. */
  readonly failed = new Set<PoolId>();
  #noLine: Refused | null = null;
  #noUpstream: Refused | null = null;

  /** @param pools that may carry the call. */
  constructor(private readonly pools: readonly { readonly id: PoolId }[]) {}

  /** Whether some pool may still have an upstream for it. */
  get areLeft(): boolean {
    return this.pools.some(({ id }) => !this.failed.has(id));
  }

  note(outcome: InVain): void {
    const { refusal, reason } = outcome;
    if (outcome.kind === 'no_line') this.#noLine = { refusal, reason };
    else {
      this.failed.add(outcome.poolId);
      this.#noUpstream = { refusal, reason };
    }
  }

  /** What the call is told when it is not tried again. */
  toTell(): Refused {
    const first = this.areLeft ? this.#noLine : this.#noUpstream;
    return first ?? this.#noLine ?? this.#noUpstream ?? NO_POOL;
  }
}

const NO_POOL: Refused = {
  refusal: { code: 'internal_error', message: 'No pool is configured for this model.' },
  reason: 'internal_error',
};
