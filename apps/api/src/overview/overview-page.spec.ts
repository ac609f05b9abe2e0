import { mintId, parseAmount, ZERO } from '@trunkline/kernel';
import { DEFAULT_LIMITS, type TenantRecord } from '@trunkline/tenancy';
import type { Overview } from './load-overview.js';
import { overviewPage } from './overview-page.js';

const AS_OF = Date.parse('2026-11-21T15:00:00Z');
const zeros = (n: number) => new Uint8Array(n);
const TENANT = mintId('tnt', 1, zeros);
const HOSTILE = '"><img src=x onerror=alert(1)>';

const anOverview = (over: Partial<Overview> = {}): Overview => ({
  asOfMs: AS_OF,
  upstream: 'vendor',
  pools: { kind: 'known', pools: [] },
  tenants: new Map([[TENANT, aTenant()]]),
  sessions: { total: 0, rows: [] },
  usage: [],
  costs: [],
  chargedToday: ZERO,
  lag: { pending: 0, oldestPendingMs: 0, unrated: 0, parked: 0 },
  ...over,
});
const aTenant = (over: Partial<TenantRecord> = {}): TenantRecord => ({
  id: TENANT,
  slug: 'acme',
  name: 'Acme',
  status: 'active',
  sessionsMax: null,
  limits: DEFAULT_LIMITS,
  createdAtMs: 0,
  ...over,
});
const aSession = (over: Partial<Overview['sessions']['rows'][number]> = {}) => ({
  id: mintId('ses', 1, zeros),
  tenantId: TENANT,
  keyId: mintId('key', 1, zeros),
  model: 'gpt-realtime',
  transport: 'websocket',
  clientKind: 'server',
  openedAtMs: AS_OF - 192_000,
  ...over,
});
const shown = (over: Partial<Overview> = {}) => overviewPage(anOverview(over), { refreshes: true });

describe('the overview', () => {
  it('says loudly when the upstream is the simulator, and only then', () => {
    expect(shown({ upstream: 'simulator' })).toContain('SIMULATOR, not OpenAI');
    expect(shown({ upstream: 'vendor' })).not.toMatch(/simulator/i);
    expect(shown({ upstream: 'unknown' })).not.toMatch(/simulator/i);
  });

  it('says so when there is nothing to show', () => {
    const text = shown();
    for (const empty of ['No session is open.', 'Nothing has been used today.', 'Nothing has been charged today.'])
      expect(text).toContain(empty);
  });

  it('shows a session with its tenant, key, model and age', () => {
    const text = shown({ sessions: { total: 1, rows: [aSession()] } });
    expect(text).toMatch(/ses_\w+.*3 min 12 s.*<bdi>Acme<\/bdi>.*acme.*gpt-realtime.*key_\w+/);
    expect(text).not.toContain('gateway probably died');
  });

  it('marks a session that is older than any session can be', () => {
    const old = aSession({ openedAtMs: AS_OF - 26 * 3_600_000 });
    expect(shown({ sessions: { total: 1, rows: [old] } })).toMatch(/26 h 0 min.*gateway probably died/);
  });

  it('shows how full each pool is, who waits, and how long it is paused', () => {
    const totals = {
      cap: 100,
      open: 97,
      pending: 2,
      kept: 1,
      free: 0,
      heldBack: 0,
      waiting: 7,
      pausedForMs: 4_200,
      pausedFamilies: {},
      recoveringMs: 0,
    };
    const noCap = { ...totals, cap: null, free: null, open: 1, pending: 0, kept: 0, waiting: 0, pausedForMs: 0 };
    const text = shown({
      pools: {
        kind: 'known',
        pools: [
          { poolId: 'pool_1', pool: 'eu', status: 'active', totals, families: [] },
          { poolId: 'pool_2', pool: HOSTILE, status: 'draining', totals: noCap, families: [] },
        ],
      },
    });
    expect(text).toMatch(/>eu<.*>100 \/ 100<.*>7<.*>5 s</);
    expect(text).toMatch(/onerror=alert\(1\)&gt; <span class="muted">draining<.*>1 \/ no cap<.*>0<.*>no</);
    expect(text).not.toContain('<img');
  });

  it('says why pools cannot be shown', () => {
    expect(shown({ pools: { kind: 'unknown', why: 'Not known & why' } })).toContain('Not known &amp; why');
  });

  it('says how many sessions it leaves out', () => {
    expect(shown({ sessions: { total: 640, rows: [aSession()] } })).toContain('(the newest 1 of 640)');
  });

  it('shows costs to the last digit, with a total', () => {
    const charge = parseAmount('0.000000000001') ?? ZERO;
    const row = { tenantId: TENANT, keyId: null, model: null, day: null, period: null, events: 3 };
    const amounts = { tenantCharge: charge, providerCost: ZERO, estimatedCharge: ZERO, unbilledCost: ZERO };
    const text = shown({
      costs: [
        { ...row, ...amounts },
        { ...row, ...amounts, tenantId: null },
      ],
    });
    expect(text).toMatch(/<bdi>Acme<\/bdi>.*0\.000000000001/);
    expect(text).toMatch(/Total<\/th><td class="number">0\.000000000002</);
  });

  it('shows usage by meter with its unit, and a meter that this release does not know', () => {
    const micro = { quantityMicro: 132_500_000n, estimatedMicro: 500_000n, unbookedMicro: 0n };
    const text = shown({
      usage: [
        { meter: 'transcription_seconds', ...micro },
        { meter: 'odours', ...micro },
      ],
    });
    expect(text).toMatch(/transcription_seconds.*seconds.*132\.5.*0\.5/);
    expect(text).toMatch(/odours.*unknown/);
  });

  it('takes every name as text, however hostile', () => {
    const text = shown({
      tenants: new Map([[TENANT, aTenant({ name: HOSTILE, slug: HOSTILE })]]),
      sessions: { total: 1, rows: [aSession({ model: HOSTILE })] },
      usage: [{ meter: HOSTILE, quantityMicro: 1n, estimatedMicro: 0n, unbookedMicro: 0n }],
    });
    expect(text).not.toContain('<img');
    expect(text.match(/&quot;&gt;&lt;img src=x onerror=alert\(1\)&gt;/g)).toHaveLength(4);
  });

  it('can be kept from loading itself again', () => {
    expect(shown()).toContain('http-equiv="refresh" content="5"');
    expect(overviewPage(anOverview(), { refreshes: false })).not.toContain('http-equiv');
  });
});
