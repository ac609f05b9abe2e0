// Two small clocks of admission: how fast a pool's lines come free, for the wait that a refusal foretells, and how fast a
// tenant may begin new sessions. Whole milliseconds only, so that every store counts alike. Deterministic.

const MINUTE_MS = 60_000;

/** How often lines of a pool come free while somebody waits for one: a moving average over about the last five. */
export class ReleasePace {
  readonly #pools = new Map<string, { lastMs: number; gapMs: number | null }>();

  /**
   * A line of the pool came free. @param wantedSinceMs when the first call that waits for the pool began to; null: none
   * does. A quiet night says nothing of how long the first call of the morning will wait.
   */
  freed(poolId: string, nowMs: number, wantedSinceMs: number | null): void {
    const pace = this.#pools.get(poolId) ?? { lastMs: 0, gapMs: null };
    this.#pools.set(poolId, pace);
    if (wantedSinceMs !== null) {
      const gapMs = Math.max(0, nowMs - Math.max(pace.lastMs, wantedSinceMs));
      pace.gapMs = pace.gapMs === null ? gapMs : Math.floor((4 * pace.gapMs + gapMs) / 5);
    }
    pace.lastMs = nowMs;
  }

  /** Milliseconds from one release to the next; null before the first that somebody waited for. */
  gapMs(poolId: string): number | null {
    return this.#pools.get(poolId)?.gapMs ?? null;
  }
}

/** What a new session used of its tenant's rate. Whole milliseconds. */
export interface RateCharge {
  readonly ms: number;
  /** Until when the rate was used up with it; Unix milliseconds. */
  readonly untilMs: number;
}

/**
 * At most so many new sessions of a tenant in any minute, spread as it likes (the generic cell rate algorithm: one number
 * a tenant). Rounded so that it is never one more.
 */
export class SessionRate {
  /** Until when the tenant's sessions of late use its rate up, by tenant; Unix milliseconds. */
  readonly #usedUntilMs = new Map<string, number>();

  /** Milliseconds until one more session is within the rate; 0: now. */
  waitMs(tenantId: string, perMinuteMax: number, nowMs: number): number {
    const usedUntilMs = Math.max(this.#usedUntilMs.get(tenantId) ?? 0, nowMs);
    return Math.max(0, usedUntilMs + intervalMs(perMinuteMax) - MINUTE_MS - nowMs);
  }

  /** Milliseconds until the tenant's sessions of late count no more; 0: none do. */
  usedMs(tenantId: string, nowMs: number): number {
    return Math.max(0, (this.#usedUntilMs.get(tenantId) ?? 0) - nowMs);
  }

  /** How many more sessions may begin at once when so much of the minute is used up. */
  static left(perMinuteMax: number, usedMs: number): number {
    return Math.max(0, Math.floor((MINUTE_MS - usedMs) / intervalMs(perMinuteMax)));
  }

  /** One more session began. */
  began(tenantId: string, perMinuteMax: number, nowMs: number): RateCharge {
    const ms = intervalMs(perMinuteMax);
    const untilMs = Math.max(this.#usedUntilMs.get(tenantId) ?? 0, nowMs) + ms;
    this.#usedUntilMs.set(tenantId, untilMs);
    return { ms, untilMs };
  }

  /** It did not begin after all: gives back what time has not given back already. */
  neverBegan(tenantId: string, { ms, untilMs }: RateCharge, nowMs: number): void {
    const backMs = Math.max(0, Math.min(ms, untilMs - nowMs));
    this.#usedUntilMs.set(tenantId, (this.#usedUntilMs.get(tenantId) ?? 0) - backMs);
  }
}

function intervalMs(perMinuteMax: number): number {
  return Math.ceil(MINUTE_MS / perMinuteMax);
}
