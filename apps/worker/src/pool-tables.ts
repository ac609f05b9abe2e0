// The status of pools as series. Which tenant is named when there are more than series for them: those that are owed lines
// or wait come first, then those with a floor, then by what they hold.
import type { PoolStatus } from '@trunkline/admission';
import type { Metrics } from '@trunkline/telemetry/adapters/prom';

/** Sets all gauges of pools to these. */
export function setPoolTables(metrics: Pick<Metrics, 'setTable'>, statuses: readonly PoolStatus[]): void {
  setTotals(metrics, statuses);
  setFamilies(metrics, statuses);
  setTenants(metrics, statuses);
}

function setTotals(metrics: Pick<Metrics, 'setTable'>, statuses: readonly PoolStatus[]): void {
  const rows = (value: (totals: PoolStatus['totals']) => number | null) =>
    statuses.flatMap(({ pool, totals }) => row({ pool }, value(totals)));
  metrics.setTable(
    'poolLines',
    statuses.flatMap(({ pool, totals: { open, pending, kept } }) =>
      Object.entries({ open, pending, kept }).map(([state, value]) => ({ labels: { pool, state }, value })),
    ),
  );
  metrics.setTable(
    'poolCap',
    rows(({ cap }) => cap),
  );
  metrics.setTable(
    'poolFree',
    rows(({ free }) => free),
  );
  metrics.setTable(
    'poolHeldBack',
    rows(({ heldBack }) => heldBack),
  );
  metrics.setTable(
    'poolWaiting',
    rows(({ waiting }) => waiting),
  );
  metrics.setTable(
    'poolPausedFor',
    rows(({ pausedForMs, recoveringMs }) => Math.max(pausedForMs, recoveringMs) / 1000),
  );
}

function setFamilies(metrics: Pick<Metrics, 'setTable'>, statuses: readonly PoolStatus[]): void {
  const rows = (value: (family: PoolStatus['families'][number]) => number) =>
    statuses.flatMap(({ pool, families }) =>
      families.map((standing) => ({ labels: { pool, family: standing.family }, value: value(standing) })),
    );
  metrics.setTable(
    'familyCap',
    rows(({ cap }) => cap),
  );
  metrics.setTable(
    'familyLines',
    rows(({ held }) => held),
  );
  metrics.setTable(
    'familyFree',
    rows(({ free }) => free),
  );
  metrics.setTable(
    'familyHeldBack',
    rows(({ heldBack }) => heldBack),
  );
  metrics.setTable(
    'familyWaiting',
    rows(({ waiting }) => waiting),
  );
}

type Standing = PoolStatus['tenants'][number];

function setTenants(metrics: Pick<Metrics, 'setTable'>, statuses: readonly PoolStatus[]): void {
  const standings = statuses
    .flatMap(({ pool, tenants }) => tenants.map((standing) => ({ pool, ...standing })))
    .filter(({ held, waiting, floor }) => held + waiting + floor > 0)
    .sort((a, b) => b.owed - a.owed || b.waiting - a.waiting || b.floor - a.floor || b.held - a.held);
  const rows = (value: (standing: Standing) => number | null) =>
    standings.flatMap(({ pool, ...standing }) => row({ pool, tenant: standing.tenant }, value(standing)));
  metrics.setTable(
    'tenantLines',
    rows(({ held }) => held),
  );
  metrics.setTable(
    'tenantWaiting',
    rows(({ waiting }) => waiting),
  );
  metrics.setTable(
    'tenantFloor',
    rows(({ floor }) => floor),
  );
  metrics.setTable(
    'tenantCeiling',
    rows(({ ceiling }) => ceiling),
  );
  metrics.setTable(
    'tenantOwed',
    rows(({ owed }) => owed),
  );
}

// What has no bound has no series: no number would be true.
function row<Labels>(
  labels: Labels,
  value: number | null,
): readonly { readonly labels: Labels; readonly value: number }[] {
  return value === null ? [] : [{ labels, value }];
}
