// What a replay says, and of what. The simulator behind it is admission's `whatIf`; here its report becomes the few figures
// that are set side by side.
import { whatIf, type OwnLimits, type PoolPlan, type TenantForecast } from '@trunkline/admission';
import type { TenantId } from '@trunkline/kernel';
import type { Call } from './recorded-calls.js';

/** One configuration to replay calls under. */
export interface Setting {
  readonly plan: PoolPlan;
  /** Milliseconds that a call of the tenant may wait for a line. */
  readonly waitMsOf: (tenantId: TenantId) => number;
  /** Limits of its key and tenant over all pools. */
  readonly ownOf: (call: Call) => OwnLimits;
}

/** What became of calls. */
export interface Tally {
  readonly calls: number;
  /** Let in after waiting. */
  readonly waited: number;
  readonly refused: number;
  /** Over the calls that waited and were let in, milliseconds; 0 when none did. */
  readonly waitMeanMs: number;
  /** Of all tenants together, that of the one who waits longest. */
  readonly waitP95Ms: number;
  /** Times that a tenant below its floor did not have a line at once. */
  readonly floorViolations: number;
}

/** What became of them under one setting. */
export interface Outcome {
  readonly all: Tally;
  readonly tenants: ReadonlyMap<string, Tally>;
  /** Jain's index of lines above floor by weight while two or more tenants waited, 0 to 1; null when that never was. */
  readonly fairness: number | null;
}

/** Replays calls. */
export type Replay = (calls: readonly Call[], setting: Setting) => Outcome;

/** Replays calls through the state machine that admits real ones. */
export const replayCalls: Replay = (calls, { plan, waitMsOf, ownOf }) => {
  const arrivals = calls.map((call) => ({ ...call, waitMs: waitMsOf(call.tenantId) }));
  const report = whatIf(arrivals, [plan], { ownOf });
  const tallies = report.tenants.map((tenant) => [tenant.tenantId, tallyOf(tenant)] as const);
  const fairness = report.pools[0]?.fairness ?? null;
  return { all: together(tallies.map(([, tally]) => tally)), tenants: new Map(tallies), fairness };
};

function tallyOf({ calls, waited, refused, floorViolations }: TenantForecast): Tally {
  return {
    calls,
    waited: waited.calls,
    refused: Object.values(refused).reduce((sum, count) => sum + count, 0),
    waitMeanMs: waited.meanMs,
    waitP95Ms: waited.p95Ms,
    floorViolations,
  };
}

function together(tallies: readonly Tally[]): Tally {
  const sum = (of: (tally: Tally) => number): number => tallies.reduce((total, tally) => total + of(tally), 0);
  const waited = sum((tally) => tally.waited);
  return {
    calls: sum((tally) => tally.calls),
    waited,
    refused: sum((tally) => tally.refused),
    waitMeanMs: waited > 0 ? sum((tally) => tally.waitMeanMs * tally.waited) / waited : 0,
    waitP95Ms: Math.max(0, ...tallies.map((tally) => tally.waitP95Ms)),
    floorViolations: sum((tally) => tally.floorViolations),
  };
}
