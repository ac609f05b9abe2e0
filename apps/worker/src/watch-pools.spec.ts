import { trustedId, type TenantId } from '@trunkline/kernel';
import { LeaseStoreUnavailable, poolLines, type PoolView } from '@trunkline/admission';
import { openLog } from '@trunkline/platform/logging';
import { Metrics } from '@trunkline/telemetry/adapters/prom';
import { blankPool, compilePolicy, DEFAULT_LIMITS, type PolicySnapshot } from '@trunkline/tenancy';
import { watchPools } from './watch-pools.js';

const POOL = trustedId('pool', 'pool_eu');
const tenantId = (slug: string): TenantId => trustedId('tnt', `tnt_${slug}`);

/** 10 lines, 4 of the family mini; sales has a floor of 3, bots a ceiling of 5. */
function aPolicy(): PolicySnapshot {
  const familyCaps = new Map([['mini', 4]]);
  const tenants = ['sales', 'bots', 'idle'].map((slug) => ({
    ...{ id: tenantId(slug), slug, name: slug, status: 'active' as const },
    ...{ sessionsMax: null, limits: DEFAULT_LIMITS },
  }));
  return compilePolicy({
    ...{ version: 1n, tenants, keys: [], keyShares: [], moderation: [], refusedEndUsers: [], revokedSecrets: [] },
    pools: [{ ...blankPool(POOL, 'eu'), sessionsMax: 10, familyCaps }],
    tenantShares: [
      { poolId: POOL, tenantId: tenantId('sales'), floor: 3, ceiling: null, weight: 1 },
      { poolId: POOL, tenantId: tenantId('bots'), floor: 0, ceiling: 5, weight: 1 },
      { poolId: POOL, tenantId: tenantId('idle'), floor: 0, ceiling: 9, weight: 1 },
    ],
  });
}

const keyId = trustedId('key', 'key_a');
const ofBots = (state: 'confirmed' | 'pending' | 'kept') => ({
  tenantId: tenantId('bots'),
  keyId,
  family: 'mini',
  state,
});
const SEEN: PoolView = {
  held: poolLines([ofBots('confirmed'), ofBots('pending'), ofBots('kept')]),
  waiting: [
    {
      ...{ sessionId: trustedId('ses', 'ses_1'), replicaId: trustedId('rep', 'rep_1'), keyId, poolId: POOL },
      ...{ tenantId: tenantId('sales'), family: 'mini', sinceMs: 0 },
    },
  ],
  pausedForMs: 1_500,
  pausedFamilies: {},
  recoveringMs: 0,
};

/** Metrics of a worker, a clock to move, and how often the store was asked. */
function aWorker(view: () => Promise<PoolView>) {
  const state = { nowMs: 0, looks: 0 };
  const metrics = new Metrics();
  const policy = aPolicy();
  watchPools({
    lines: { view: () => (state.looks++, view()) },
    policy: { current: async () => policy },
    metrics,
    clock: { nowMs: () => state.nowMs, monotonicMs: () => state.nowMs },
    log: openLog('silent', { write: () => undefined }),
  });
  const series = async () =>
    (await metrics.scrape())
      .split('\n')
      .filter((text) => /^trunkline_pool_(lines|waiting|paused|family|tenant)/.test(text));
  return { state, series };
}

describe('the gauges of pools', () => {
  it('tell how pools, their capped families and tenants stand, and leave out what has no bound', async () => {
    const { series } = aWorker(async () => SEEN);
    expect((await series()).sort()).toEqual(
      [
        'lines_cap{pool="eu"} 10',
        'lines{pool="eu",state="open"} 1',
        'lines{pool="eu",state="pending"} 1',
        'lines{pool="eu",state="kept"} 1',
        'lines_free{pool="eu"} 7',
        'lines_held_back{pool="eu"} 3',
        'waiting_calls{pool="eu"} 1',
        'paused_seconds{pool="eu"} 1.5',
        'family_lines_cap{pool="eu",family="mini"} 4',
        'family_lines{pool="eu",family="mini"} 3',
        'family_lines_free{pool="eu",family="mini"} 1',
        'family_lines_held_back{pool="eu",family="mini"} 1',
        'family_waiting_calls{pool="eu",family="mini"} 1',
        'tenant_lines{pool="eu",tenant="bots"} 3',
        'tenant_lines{pool="eu",tenant="sales"} 0',
        'tenant_waiting_calls{pool="eu",tenant="bots"} 0',
        'tenant_waiting_calls{pool="eu",tenant="sales"} 1',
        'tenant_lines_floor{pool="eu",tenant="bots"} 0',
        'tenant_lines_floor{pool="eu",tenant="sales"} 3',
        'tenant_lines_ceiling{pool="eu",tenant="bots"} 5',
        'tenant_lines_owed{pool="eu",tenant="bots"} 0',
        'tenant_lines_owed{pool="eu",tenant="sales"} 1',
      ]
        .map((text) => `trunkline_pool_${text}`)
        .sort(),
    );
  });

  it('ask the store once in five seconds, however many scrape', async () => {
    const { state, series } = aWorker(async () => SEEN);
    await Promise.all([series(), series()]);
    state.nowMs = 4_999;
    await series();
    expect(state.looks).toBe(1);
    state.nowMs = 5_000;
    await series();
    expect(state.looks).toBe(2);
  });

  it('stay for half a minute while the store is away, then are gone, and come back', async () => {
    let isAway = false;
    const view = async () => {
      if (isAway) throw new LeaseStoreUnavailable('disconnected');
      return SEEN;
    };
    const { state, series } = aWorker(view);
    const known = await series();
    isAway = true;
    state.nowMs = 29_999;
    expect(await series()).toEqual(known);
    state.nowMs = 30_000;
    expect(await series()).toEqual([]);
    isAway = false;
    expect(await series()).toEqual(known);
  });

  it('do not hold a scrape up for longer than two seconds', async () => {
    const { series } = aWorker(() => new Promise(() => undefined));
    expect(await series()).toEqual([]);
  }, 10_000);
});
