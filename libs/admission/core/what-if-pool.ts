// What a replay comes to in one pool: its lines and waits by tenant and family, and how fairly they were shared while several
// tenants wanted more. What a tenant's own limits leave it is asked of the replay.
import type { TenantId } from '@trunkline/kernel';
import type { Arrival } from './arrivals.js';
import { fairParts, jainIndex } from './fair-share.js';
import { shareOf, type PoolPlan } from './pool-plan.js';
import type { OwnRoom } from './what-if-limits.js';
import { LinesHeld, Waits, type PoolForecast, type PoolTenantForecast } from './what-if-report.js';

interface Standing {
  /** Its calls in line. */
  waiting: number;
  held: number;
  /** Lines above its floor, times milliseconds, while it and somebody else stood in line: what it had, and its share. */
  gotMs: number;
  dueMs: number;
  admitted: number;
  readonly waits: Waits;
  readonly lines: LinesHeld;
}

/** What a pool came to. */
export class PoolTally {
  readonly #lines = new LinesHeld();
  readonly #waits = new Waits();
  readonly #tenants = new Map<TenantId, Standing>();
  /** Those that stand in line. */
  readonly #waiting = new Map<TenantId, Standing>();
  readonly #families = new Map<string, LinesHeld>();
  #admitted = 0;
  #contendedMs = 0;
  #sinceMs = 0;

  /** @param roomOf asked of tenants that stand in line, for the time from one step of the replay to the next. */
  constructor(
    private readonly plan: PoolPlan,
    private readonly roomOf: (tenantId: TenantId) => OwnRoom,
  ) {
    for (const family of Object.keys(plan.familyMax)) this.#families.set(family, new LinesHeld());
  }

  admit(arrival: Arrival, waitedMs: number, nowMs: number): void {
    const standing = this.#of(arrival.tenantId);
    this.#admitted += 1;
    standing.admitted += 1;
    if (waitedMs > 0) for (const waits of [this.#waits, standing.waits]) waits.add(waitedMs);
    this.hold(arrival, 1, nowMs);
  }

  /** A session holds a line of the pool from now on, or no more. */
  hold({ tenantId, family }: Arrival, by: 1 | -1, nowMs: number): void {
    const standing = this.#of(tenantId);
    const ofFamily = this.#families.get(family) ?? new LinesHeld();
    this.#families.set(family, ofFamily);
    standing.held += by;
    for (const lines of [this.#lines, standing.lines, ofFamily]) lines.change(by, nowMs);
  }

  wait(tenantId: TenantId, by: 1 | -1): void {
    const standing = this.#of(tenantId);
    standing.waiting += by;
    if (standing.waiting > 0) this.#waiting.set(tenantId, standing);
    else this.#waiting.delete(tenantId);
  }

  /** Nothing changes until then. Told before every step, for what a step changes holds from then on. */
  pass(nowMs: number): void {
    const forMs = nowMs - this.#sinceMs;
    this.#sinceMs = nowMs;
    if (forMs === 0 || this.#waiting.size === 0) return;
    this.#contendedMs += forMs;
    this.#shareOut(forMs);
  }

  report(forMs: number): PoolForecast {
    const { poolId, sessionsMax, familyMax } = this.plan;
    const parts = [...this.#tenants.values()].map(({ gotMs, dueMs }) => ({ lines: gotMs, due: dueMs }));
    const lines = this.#lines.over(forMs);
    const tenants = [...this.#tenants].map(([tenantId, standing]) => tenantInPool(tenantId, standing, forMs));
    const families = [...this.#families].map(([family, held]) => {
      return { family, sessionsMax: familyMax[family] ?? null, lines: held.over(forMs) };
    });
    return {
      ...{ poolId, sessionsMax, admitted: this.#admitted, waited: this.#waits.report(), lines },
      utilisation: sessionsMax === null ? null : lines.mean / sessionsMax,
      tenants: tenants.sort((a, b) => b.admitted - a.admitted || (a.tenantId < b.tenantId ? -1 : 1)),
      families: families.sort((a, b) => (a.family < b.family ? -1 : 1)),
      contended: forMs > 0 ? this.#contendedMs / forMs : 0,
      fairness: parts.some(({ due }) => due > 0) ? jainIndex(parts) : null,
    };
  }

  #of(tenantId: TenantId): Standing {
    const known = this.#tenants.get(tenantId);
    if (known) return known;
    const nothing = { waiting: 0, held: 0, gotMs: 0, dueMs: 0, admitted: 0 };
    const standing = { ...nothing, waits: new Waits(), lines: new LinesHeld() };
    this.#tenants.set(tenantId, standing);
    return standing;
  }

  // Whoever stands in line at a limit of its own waits for itself and not for its share, and nobody is owed more than that.
  #shareOut(forMs: number): void {
    const rivals: Rival[] = [];
    for (const [tenantId, standing] of this.#waiting) {
      const { mayHaveMore, linesMax } = this.roomOf(tenantId);
      const { floor, weight } = shareOf(this.plan, tenantId);
      const above = Math.max(0, standing.held - floor);
      if (mayHaveMore) rivals.push({ standing, weight, above, aboveMax: Math.max(above, linesMax - floor) });
    }
    if (rivals.length < 2) return;
    const dues = fairParts(
      rivals.reduce((sum, { above }) => sum + above, 0),
      rivals.map(({ weight, aboveMax: max }) => ({ weight, max })),
    );
    for (const [i, { standing, above }] of rivals.entries()) {
      standing.gotMs += above * forMs;
      standing.dueMs += (dues[i] ?? 0) * forMs;
    }
  }
}

/** A tenant that stands in line for its share. */
interface Rival {
  readonly standing: Standing;
  readonly weight: number;
  /** Lines above its floor that it has, and that its limits let it have. */
  readonly above: number;
  readonly aboveMax: number;
}

function tenantInPool(tenantId: TenantId, { admitted, waits, lines }: Standing, forMs: number): PoolTenantForecast {
  return { tenantId, admitted, waited: waits.report(), lines: lines.over(forMs) };
}
