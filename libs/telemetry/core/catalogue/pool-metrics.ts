// How the pools of the installation stand: what `pool status` tells, as gauges. The numbers are the same wherever they are
// looked at, so one family of processes exports them, the worker (ADR 073); where several workers run, ask for `max by`.
// Tables, since pools, families and tenants come and go: what is gone must not stay at its last value.
import type { MetricSpec } from './metric-spec.js';
import { POOLS_MAX } from './shared-labels.js';

const ofPool = [{ name: 'pool' }] as const;
const ofFamily = [{ name: 'pool' }, { name: 'family' }] as const;
const ofTenant = [{ name: 'pool' }, { name: 'tenant' }] as const;

const FAMILIES_MAX = 100;
const TENANTS_MAX = 300;

/** Its part of the catalogue. */
export const POOL_METRICS = {
  poolCap: {
    kind: 'table',
    name: 'trunkline_pool_lines_cap',
    help: 'Lines that the pool may have at once, all model families together; no series: no cap.',
    labels: ofPool,
    seriesMax: POOLS_MAX,
  },
  poolLines: {
    kind: 'table',
    name: 'trunkline_pool_lines',
    help: 'Lines in use: open (a session), pending (a dial under way), kept (a moment for a reconnect).',
    labels: [{ name: 'pool' }, { name: 'state' }],
    seriesMax: 3 * POOLS_MAX,
  },
  poolFree: {
    kind: 'table',
    name: 'trunkline_pool_lines_free',
    help: 'Lines that nobody holds; no series: no cap.',
    labels: ofPool,
    seriesMax: POOLS_MAX,
  },
  poolHeldBack: {
    kind: 'table',
    name: 'trunkline_pool_lines_held_back',
    help: 'Free lines that only a tenant or key below its floor may take.',
    labels: ofPool,
    seriesMax: POOLS_MAX,
  },
  poolWaiting: {
    kind: 'table',
    name: 'trunkline_pool_waiting_calls',
    help: 'Calls that stand in line for the pool, of all gateways.',
    labels: ofPool,
    seriesMax: POOLS_MAX,
  },
  poolPausedFor: {
    kind: 'table',
    name: 'trunkline_pool_paused_seconds',
    help: 'For how long nobody new is let in: the upstream has no headroom, or living sessions are counted again.',
    labels: ofPool,
    seriesMax: POOLS_MAX,
  },
  familyCap: {
    kind: 'table',
    name: 'trunkline_pool_family_lines_cap',
    help: 'Lines that a model family may have at once in the pool, where it has a cap of its own.',
    labels: ofFamily,
    seriesMax: FAMILIES_MAX,
  },
  familyLines: {
    kind: 'table',
    name: 'trunkline_pool_family_lines',
    help: 'Lines in use of a model family with a cap of its own.',
    labels: ofFamily,
    seriesMax: FAMILIES_MAX,
  },
  familyFree: {
    kind: 'table',
    name: 'trunkline_pool_family_lines_free',
    help: "Lines that the family's cap leaves; what the pool's leaves may be less.",
    labels: ofFamily,
    seriesMax: FAMILIES_MAX,
  },
  familyHeldBack: {
    kind: 'table',
    name: 'trunkline_pool_family_lines_held_back',
    help: "Of the family's free lines, those that only a tenant or key below its floor may take.",
    labels: ofFamily,
    seriesMax: FAMILIES_MAX,
  },
  familyWaiting: {
    kind: 'table',
    name: 'trunkline_pool_family_waiting_calls',
    help: 'Calls of a model family with a cap of its own that stand in line for the pool.',
    labels: ofFamily,
    seriesMax: FAMILIES_MAX,
  },
  tenantLines: {
    kind: 'table',
    name: 'trunkline_pool_tenant_lines',
    help: 'Lines that a tenant holds; only of tenants that hold some, wait for one or have a floor.',
    labels: ofTenant,
    seriesMax: TENANTS_MAX,
  },
  tenantWaiting: {
    kind: 'table',
    name: 'trunkline_pool_tenant_waiting_calls',
    help: 'Calls of the tenant that stand in line for the pool.',
    labels: ofTenant,
    seriesMax: TENANTS_MAX,
  },
  tenantFloor: {
    kind: 'table',
    name: 'trunkline_pool_tenant_lines_floor',
    help: 'Lines that are held back for the tenant.',
    labels: ofTenant,
    seriesMax: TENANTS_MAX,
  },
  tenantCeiling: {
    kind: 'table',
    name: 'trunkline_pool_tenant_lines_ceiling',
    help: 'Lines that the tenant may have at once; no series: as many as there are.',
    labels: ofTenant,
    seriesMax: TENANTS_MAX,
  },
  tenantOwed: {
    kind: 'table',
    name: 'trunkline_pool_tenant_lines_owed',
    help: 'Lines that the tenant should hold by its share, and does not.',
    labels: ofTenant,
    seriesMax: TENANTS_MAX,
  },
} as const satisfies Record<string, MetricSpec>;
