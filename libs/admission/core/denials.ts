// What a call is told that has no line: what refused it, where it stands, how long that may take, and what of its own limits
// is in use. Of several pools it is told of the likeliest.
import { isLikelier } from './likeliest.js';
import type { Caller } from './lease.js';
import type { Denial, OwnUse } from './lease-store.js';
import type { LineCounts } from './line-counts.js';
import type { Obstacles } from './obstacles.js';
import type { ReleasePace, SessionRate } from './pace.js';
import type { PlansInForce } from './plans-in-force.js';
import type { Waiter, WaitingQueue } from './waiting-queue.js';

/** What is looked at. */
export interface DenialParts {
  readonly counts: LineCounts;
  readonly queue: WaitingQueue;
  readonly plans: PlansInForce;
  readonly pace: ReleasePace;
  readonly rate: SessionRate;
  readonly obstacles: Obstacles;
}

/** The numbers behind refusals. Changes nothing. */
export class Denials {
  constructor(private readonly parts: DenialParts) {}

  /** Why none of its pools has a line for a call: what the likeliest of them says. */
  of(waiters: readonly Waiter[], nowMs: number): Denial {
    const denials = waiters.map(({ caller }) => this.#in(caller, nowMs));
    const likeliest = denials.reduce((best, denial) => (isLikelier(denial, best) ? denial : best));
    return { ...likeliest, queueFull: denials.every(({ queueFull }) => queueFull) };
  }

  /** Whether the pool's line has no place for this call, or should not have had. */
  isLineFull(caller: Caller): boolean {
    const { queue, plans } = this.parts;
    const { place, sessionId } = caller;
    const { inPool, ofTenant } = queue.counted(place);
    const { waitingMax, waitingPerTenantMax } = plans.of(caller);
    const more = queue.get(sessionId).some((waiter) => waiter.caller.place.poolId === place.poolId) ? 0 : 1;
    return inPool + more > waitingMax || ofTenant + more > waitingPerTenantMax;
  }

  /** What of its own limits the caller has in use. */
  ownUse({ place: { keyId, tenantId } }: Caller, nowMs: number): OwnUse {
    const { counts, rate } = this.parts;
    const rateUsedMs = rate.usedMs(tenantId, nowMs);
    return { rateUsedMs, keySessions: counts.of(`k|${keyId}`), tenantSessions: counts.of(`t|${tenantId}`) };
  }

  #in(caller: Caller, nowMs: number): Denial {
    const { queue, pace, obstacles } = this.parts;
    const { position, tenants } = queue.standing(caller.sessionId, caller.place);
    const gapMs = pace.gapMs(caller.place.poolId);
    const expectedWaitMs = gapMs === null ? null : position * tenants * gapMs;
    // Everybody who could have a line was given one in this step.
    const why = obstacles.of(caller, nowMs) ?? { scope: 'pool' as const, current: 0, max: 0, retryAfterMs: 0 };
    return {
      ...why,
      retryAfterMs: why.retryAfterMs || (expectedWaitMs ?? 0),
      queueFull: this.isLineFull(caller),
      queue: { position, expectedWaitMs },
      own: this.ownUse(caller, nowMs),
    };
  }
}
