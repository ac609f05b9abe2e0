// Two replays of the same calls side by side, in the policy's words: slugs for ids, and totals over all tenants.
import type { PolicySnapshot } from '@trunkline/tenancy';
import type {
  PoolForecast,
  PoolTenantForecast,
  RefusedBecause,
  TenantForecast,
  WaitForecast,
  WhatIfReport,
} from '../../../index.js';

/** What became of calls: of all, or of a tenant's. */
export interface CallsForecast {
  readonly calls: number;
  /** Let in without a wait. */
  readonly atOnce: number;
  readonly waited: WaitForecast;
  /** Got no line, whoever gave up included. */
  readonly refused: number;
  /** Of the refused, those whose client went away while they stood in line. */
  readonly gaveUp: number;
  readonly refusedBecause: Readonly<Partial<Record<RefusedBecause, number>>>;
  /** Of the calls that were refused when they were recorded: how many, and how many got a line here. */
  readonly refusedBefore: { readonly calls: number; readonly admitted: number };
  readonly floorViolations: number;
}

/** What would have become of the calls under one configuration. */
export interface Side {
  readonly all: CallsForecast;
  readonly tenants: readonly (CallsForecast & { readonly tenant: string; readonly lines: TenantForecast['lines'] })[];
  readonly pools: readonly (Omit<PoolForecast, 'tenants'> & {
    readonly pool: string;
    readonly tenants: readonly (PoolTenantForecast & { readonly tenant: string })[];
  })[];
}

/** What became of the calls as things are, and what would have. */
export interface WhatIfComparison {
  readonly now: Side;
  readonly then: Side;
}

/** A policy and what was found under it. */
export interface Replayed {
  readonly policy: PolicySnapshot;
  readonly report: WhatIfReport;
}

/** Sets them side by side. */
export function comparison(now: Replayed, then: Replayed): WhatIfComparison {
  return { now: sideOf(now), then: sideOf(then) };
}

function sideOf({ policy, report }: Replayed): Side {
  const slug = (id: TenantForecast['tenantId']): string => policy.tenants.get(id)?.slug ?? id;
  const tenants = report.tenants.map((tenant) => {
    return { tenant: slug(tenant.tenantId), ...callsOf(tenant), lines: tenant.lines };
  });
  const pools = report.pools.map((pool) => ({
    ...pool,
    pool: policy.pools.get(pool.poolId)?.slug ?? pool.poolId,
    tenants: pool.tenants.map((each) => ({ tenant: slug(each.tenantId), ...each })),
  }));
  tenants.sort((a, b) => (a.tenant < b.tenant ? -1 : 1));
  return { all: { ...sumOf(tenants), waited: report.waited }, tenants, pools };
}

function callsOf(forecast: TenantForecast): CallsForecast {
  const { calls, admitted, waited, refused, refusedBefore, floorViolations } = forecast;
  return {
    ...{ calls, atOnce: admitted - waited.calls, waited, refused: calls - admitted, gaveUp: refused.gave_up ?? 0 },
    ...{ refusedBecause: refused, refusedBefore, floorViolations },
  };
}

function sumOf(tenants: readonly CallsForecast[]): Omit<CallsForecast, 'waited'> {
  const sum = (of: (calls: CallsForecast) => number): number => tenants.reduce((total, each) => total + of(each), 0);
  const refusedBecause: Partial<Record<string, number>> = {};
  for (const tenant of tenants)
    for (const [because, calls] of Object.entries(tenant.refusedBecause))
      refusedBecause[because] = (refusedBecause[because] ?? 0) + calls;
  return {
    calls: sum(({ calls }) => calls),
    atOnce: sum(({ atOnce }) => atOnce),
    refused: sum(({ refused }) => refused),
    gaveUp: sum(({ gaveUp }) => gaveUp),
    refusedBecause,
    refusedBefore: {
      calls: sum(({ refusedBefore }) => refusedBefore.calls),
      admitted: sum(({ refusedBefore }) => refusedBefore.admitted),
    },
    floorViolations: sum(({ floorViolations }) => floorViolations),
  };
}
