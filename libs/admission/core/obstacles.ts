// What keeps a call from having a line at this moment: its tenant's rate of new sessions, a pause of the pool or family, or
// a limit without room, in this order.
import type { LineCounts } from './line-counts.js';
import type { Caller } from './lease.js';
import type { Denial } from './lease-store.js';
import type { SessionRate } from './pace.js';
import type { Pauses } from './pauses.js';
import type { PlansInForce } from './plans-in-force.js';
import { blockedBy } from './room.js';

/** What is looked at. */
export interface ObstacleParts {
  readonly counts: LineCounts;
  readonly plans: PlansInForce;
  readonly pauses: Pauses;
  readonly rate: SessionRate;
}

/** A limit that refuses, by how much, and for how long where that is known (else 0). */
export type Obstacle = Pick<Denial, 'scope' | 'current' | 'max' | 'retryAfterMs'>;

/** What keeps calls out. Changes nothing. */
export class Obstacles {
  constructor(private readonly parts: ObstacleParts) {}

  /** What keeps this call out now; null: nothing does. */
  of(caller: Caller, nowMs: number): Obstacle | null {
    const { counts, plans, pauses, rate } = this.parts;
    const { place, own } = caller;
    const perMinuteMax = own.sessionsPerMinuteMax;
    const rateMs = perMinuteMax === null ? 0 : rate.waitMs(place.tenantId, perMinuteMax, nowMs);
    if (perMinuteMax !== null && rateMs > 0)
      return { scope: 'rate', current: perMinuteMax, max: perMinuteMax, retryAfterMs: rateMs };
    const pausedMs = pauses.forMs(place.poolId, nowMs, place.family);
    if (pausedMs > 0) return { scope: 'headroom', current: 0, max: 0, retryAfterMs: pausedMs };
    const blocked = blockedBy({ place, own }, plans.of(caller), counts);
    return blocked ? { ...blocked, retryAfterMs: 0 } : null;
  }
}
