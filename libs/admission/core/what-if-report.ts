// What a replay of arrivals found, tenant by tenant and pool by pool, and counters that it is made of (those of a pool:
// `what-if-pool.ts`). Memory is bounded by tenants and pools, however many calls there were: waits are kept in steps of two
// per cent.
import type { PoolId, TenantId } from '@trunkline/kernel';
import type { Arrival } from './arrivals.js';
import type { Denial } from './lease-store.js';

/**
 * Why a call got no line: the limit that refused it at once, because it would not stand in line; or it would have, but
 * the line was full (`line_full`), no line came free in the time that it would wait (`time_up`), or its client went away
 * before that (`gave_up`). `not_offered`: no pool serves what it asks for.
 */
export type RefusedBecause = Denial['scope'] | 'line_full' | 'time_up' | 'gave_up' | 'not_offered';

/** Of the admitted calls, those that stood in line first, and for how long. Median and p95 are right to two per cent. */
export interface WaitForecast {
  readonly calls: number;
  readonly meanMs: number;
  readonly medianMs: number;
  readonly p95Ms: number;
  readonly maxMs: number;
}

/** Lines held at once, at most and on average over the time of the replay. */
export interface LinesForecast {
  readonly peak: number;
  readonly mean: number;
}

/** What would have become of a tenant's calls. */
export interface TenantForecast {
  readonly tenantId: TenantId;
  readonly calls: number;
  /** Of the calls, those that got a line, at once or after a wait. */
  readonly admitted: number;
  readonly waited: WaitForecast;
  readonly refused: Readonly<Partial<Record<RefusedBecause, number>>>;
  /** Of the calls that were refused when they were recorded: how many, and how many got a line here. */
  readonly refusedBefore: { readonly calls: number; readonly admitted: number };
  /** Over all pools. */
  readonly lines: LinesForecast;
  /** Calls below a floor of the tenant's or its key's that the pool had no line for. Not 0 is a bug in admission. */
  readonly floorViolations: number;
}

/** What would have become of a pool. */
export interface PoolForecast {
  readonly poolId: PoolId;
  readonly sessionsMax: number | null;
  readonly admitted: number;
  readonly waited: WaitForecast;
  readonly lines: LinesForecast;
  /** Part of its cap that was in use on average; null without a cap. */
  readonly utilisation: number | null;
  /** Most admitted first. */
  readonly tenants: readonly PoolTenantForecast[];
  /** Those with a cap of their own, and those that had calls. */
  readonly families: readonly PoolFamilyForecast[];
  /** Part of the time in which somebody stood in line. */
  readonly contended: number;
  /**
   * Jain's index of what tenants held above their floors for their weight, while two or more of them stood in line for a
   * line of the pool that their own limits (ceilings, sessions at once, rates) left them; 1: each its share, which ends at
   * such a limit. Null when that never was.
   */
  readonly fairness: number | null;
}

/** What a tenant would have had of a pool. */
export interface PoolTenantForecast {
  readonly tenantId: TenantId;
  readonly admitted: number;
  readonly waited: WaitForecast;
  readonly lines: LinesForecast;
}

/** What a model family would have had of a pool. */
export interface PoolFamilyForecast {
  readonly family: string;
  readonly sessionsMax: number | null;
  readonly lines: LinesForecast;
}

/** What the replay found. */
export interface WhatIfReport {
  /**
   * Unix milliseconds of the beginning (when the open lines were there, else the first arrival), and of the last line that
   * came free; both 0 where there was neither.
   */
  readonly fromMs: number;
  readonly untilMs: number;
  readonly calls: number;
  /** Of all tenants together. */
  readonly waited: WaitForecast;
  readonly floorViolations: number;
  /** Most calls first. */
  readonly tenants: readonly TenantForecast[];
  readonly pools: readonly PoolForecast[];
}

/** Lines held, as they come and go. */
export class LinesHeld {
  #held = 0;
  #peak = 0;
  #lineMs = 0;
  #sinceMs = 0;

  change(by: 1 | -1, nowMs: number): void {
    this.#lineMs += this.#held * (nowMs - this.#sinceMs);
    this.#sinceMs = nowMs;
    this.#held += by;
    this.#peak = Math.max(this.#peak, this.#held);
  }

  /** When nobody holds one any more. */
  over(forMs: number): LinesForecast {
    return { peak: this.#peak, mean: forMs > 0 ? this.#lineMs / forMs : 0 };
  }
}

// Steps of two per cent from a millisecond up; a month is the 1,097th.
const STEP = Math.log(1.02);

/** How long calls waited. */
export class Waits {
  readonly #steps = new Map<number, number>();
  #calls = 0;
  #sumMs = 0;
  #maxMs = 0;

  add(ms: number): void {
    const step = Math.ceil(Math.log(Math.max(1, ms)) / STEP);
    this.#steps.set(step, (this.#steps.get(step) ?? 0) + 1);
    this.#calls += 1;
    this.#sumMs += ms;
    this.#maxMs = Math.max(this.#maxMs, ms);
  }

  /** All of these as if they had been counted here. */
  static together(parts: Iterable<Waits>): Waits {
    const all = new Waits();
    for (const part of parts) {
      for (const [step, calls] of part.#steps) all.#steps.set(step, (all.#steps.get(step) ?? 0) + calls);
      all.#calls += part.#calls;
      all.#sumMs += part.#sumMs;
      all.#maxMs = Math.max(all.#maxMs, part.#maxMs);
    }
    return all;
  }

  report(): WaitForecast {
    const meanMs = this.#calls === 0 ? 0 : this.#sumMs / this.#calls;
    const [medianMs, p95Ms] = [this.#quantileMs(0.5), this.#quantileMs(0.95)];
    return { calls: this.#calls, meanMs, medianMs, p95Ms, maxMs: this.#maxMs };
  }

  #quantileMs(part: number): number {
    let below = 0;
    for (const [step, calls] of [...this.#steps].sort(([a], [b]) => a - b)) {
      below += calls;
      if (below >= part * this.#calls) return Math.min(this.#maxMs, Math.round(Math.exp(step * STEP)));
    }
    return 0;
  }
}

/** What a tenant's calls came to. */
export class TenantTally {
  readonly lines = new LinesHeld();
  readonly waits = new Waits();
  readonly #refused: Partial<Record<RefusedBecause, number>> = {};
  #refusedBefore = { calls: 0, admitted: 0 };
  calls = 0;
  admitted = 0;
  floorViolations = 0;

  arrive({ wasRefused = false }: Arrival): void {
    this.calls += 1;
    if (wasRefused) this.#refusedBefore.calls += 1;
  }

  admit({ wasRefused = false }: Arrival, waitedMs: number): void {
    this.admitted += 1;
    if (wasRefused) this.#refusedBefore.admitted += 1;
    if (waitedMs > 0) this.waits.add(waitedMs);
  }

  refuse(because: RefusedBecause): void {
    this.#refused[because] = (this.#refused[because] ?? 0) + 1;
  }

  report(tenantId: TenantId, forMs: number): TenantForecast {
    const { calls, admitted, floorViolations } = this;
    const [waited, lines] = [this.waits.report(), this.lines.over(forMs)];
    const [refused, refusedBefore] = [this.#refused, this.#refusedBefore];
    return { tenantId, calls, admitted, waited, refused, refusedBefore, lines, floorViolations };
  }
}
