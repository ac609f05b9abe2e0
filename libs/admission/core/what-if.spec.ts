import { trustedId } from '@trunkline/kernel';
import { madeUpArrivals, type Arrival, type Traffic } from './arrivals.js';
import type { OwnLimits } from './limits.js';
import type { PoolPlan, TenantShare } from './pool-plan.js';
import { whatIf, type WhatIfOptions } from './what-if.js';
import { Waits, type TenantForecast, type WhatIfReport } from './what-if-report.js';

interface CallParts {
  readonly at: number;
  readonly tenant?: string;
  readonly lasts: number;
  readonly waits?: number;
}

/** Times in seconds. */
function call({ at, tenant = 'a', lasts, waits = 0 }: CallParts): Arrival {
  const [tenantId, keyId] = [trustedId('tnt', `tnt_${tenant}`), trustedId('key', `key_${tenant}`)];
  return { atMs: at * 1_000, tenantId, keyId, family: 'large', lastsMs: lasts * 1_000, waitMs: waits * 1_000 };
}

function plan(sessionsMax: number | null, rest: Partial<PoolPlan> = {}): PoolPlan {
  const poolId = trustedId('pool', 'pool_a');
  return {
    poolId,
    version: 1,
    sessionsMax,
    familyMax: {},
    shares: {},
    waitingMax: 10,
    waitingPerTenantMax: 5,
    ...rest,
  };
}

function share(rest: Partial<TenantShare>): TenantShare {
  return { floor: 0, ceiling: null, weight: 1, keys: {}, ...rest };
}

function forecast(report: WhatIfReport, tenant: string): TenantForecast | undefined {
  return report.tenants.find(({ tenantId }) => tenantId === `tnt_${tenant}`);
}

describe('what if', () => {
  it('says who would have waited, and for how long', () => {
    const calls = [call({ at: 0, lasts: 10 }), call({ at: 1, tenant: 'b', lasts: 5, waits: 20 })];
    const report = whatIf(calls, [plan(1)]);
    expect(report).toMatchObject({ fromMs: 0, untilMs: 15_000, calls: 2, floorViolations: 0 });
    expect(forecast(report, 'a')).toMatchObject({
      admitted: 1,
      waited: { calls: 0 },
      lines: { peak: 1, mean: 10 / 15 },
    });
    expect(report.waited).toEqual({ calls: 1, meanMs: 9_000, medianMs: 9_000, p95Ms: 9_000, maxMs: 9_000 });
    expect(forecast(report, 'b')).toMatchObject({
      admitted: 1,
      waited: { calls: 1, meanMs: 9_000, medianMs: 9_000, p95Ms: 9_000, maxMs: 9_000 },
      refused: {},
    });
    const lines = { peak: 1, mean: 1 };
    expect(report.pools).toMatchObject([
      { poolId: 'pool_a', admitted: 2, lines, utilisation: 1, contended: 9 / 15, fairness: null },
    ]);
    expect(report.pools[0]?.tenants).toMatchObject([
      { tenantId: 'tnt_a', admitted: 1, waited: { calls: 0 }, lines: { peak: 1, mean: 10 / 15 } },
      { tenantId: 'tnt_b', admitted: 1, waited: { calls: 1, maxMs: 9_000 }, lines: { peak: 1, mean: 5 / 15 } },
    ]);
    expect(report.pools[0]?.families).toEqual([{ family: 'large', sessionsMax: null, lines }]);
  });

  it('says who would have been refused, and why', () => {
    const calls = [
      call({ at: 0, lasts: 60 }),
      call({ at: 1, lasts: 1 }),
      call({ at: 2, lasts: 1, waits: 10 }),
      call({ at: 3, lasts: 1, waits: 10 }),
    ];
    const report = whatIf(calls, [plan(1, { waitingPerTenantMax: 1 })]);
    expect(forecast(report, 'a')).toMatchObject({
      calls: 4,
      admitted: 1,
      refused: { pool: 1, time_up: 1, line_full: 1 },
    });
  });

  it('caps a model family by itself, and says how it was used', () => {
    const calls = [
      call({ at: 0, lasts: 10 }),
      call({ at: 1, lasts: 9 }),
      { ...call({ at: 2, lasts: 4 }), family: 'small' },
    ];
    const { tenants, pools } = whatIf(calls, [plan(4, { familyMax: { large: 1 } })]);
    expect(tenants[0]).toMatchObject({ admitted: 2, refused: { family: 1 } });
    expect(pools[0]).toMatchObject({ utilisation: 14 / 10 / 4 });
    expect(pools[0]?.families).toEqual([
      { family: 'large', sessionsMax: 1, lines: { peak: 1, mean: 1 } },
      { family: 'small', sessionsMax: null, lines: { peak: 1, mean: 0.4 } },
    ]);
  });

  it('lets a call that gave up when it was recorded give up again, unless a line comes before', () => {
    const gaveUp = { ...call({ at: 1, lasts: 5, waits: 60 }), patienceMs: 4_000, wasRefused: true };
    const held = (lasts: number) => whatIf([call({ at: 0, lasts }), gaveUp], [plan(1)]).tenants[0];
    expect(held(20)).toMatchObject({ refused: { gave_up: 1 }, refusedBefore: { calls: 1, admitted: 0 } });
    expect(held(3)).toMatchObject({ refused: {}, refusedBefore: { calls: 1, admitted: 1 }, waited: { maxMs: 2_000 } });
  });

  it('refuses a call that no pool serves', () => {
    const report = whatIf([call({ at: 0, lasts: 1 })], [plan(1)], { poolsOf: () => [] });
    expect(forecast(report, 'a')).toMatchObject({ admitted: 0, refused: { not_offered: 1 } });
  });

  it('refuses nobody where there are lines enough', () => {
    const report = whatIf([call({ at: 0, lasts: 10 }), call({ at: 1, tenant: 'b', lasts: 5 })], [plan(3)]);
    expect(report.tenants.map(({ admitted, refused }) => ({ admitted, refused }))).toEqual([
      { admitted: 1, refused: {} },
      { admitted: 1, refused: {} },
    ]);
    expect(report.pools[0]).toMatchObject({ lines: { peak: 2 }, contended: 0, fairness: null });
  });

  it('gives a line that comes free in the moment in which somebody would give up to that call', () => {
    const report = whatIf([call({ at: 0, lasts: 10 }), call({ at: 5, lasts: 1, waits: 5 })], [plan(1)]);
    expect(forecast(report, 'a')).toMatchObject({ admitted: 2, waited: { maxMs: 5_000 } });
  });

  it('holds floors back, and finds no floor that was not there', () => {
    const calls = [
      call({ at: 0, tenant: 'b', lasts: 60 }),
      call({ at: 1, tenant: 'b', lasts: 60 }),
      call({ at: 2, lasts: 60 }),
    ];
    const report = whatIf(calls, [plan(2, { shares: { tnt_a: share({ floor: 1 }) } })]);
    expect(forecast(report, 'b')).toMatchObject({ admitted: 1, refused: { pool: 1 } });
    expect(forecast(report, 'a')).toMatchObject({ admitted: 1, floorViolations: 0 });
  });

  it('counts a floor that a plan cannot hold', () => {
    const shares = { tnt_a: share({ floor: 1 }), tnt_b: share({ floor: 1 }) };
    const report = whatIf([call({ at: 0, lasts: 9 }), call({ at: 1, tenant: 'b', lasts: 9 })], [plan(1, { shares })]);
    expect(report.floorViolations).toBe(1);
    expect(forecast(report, 'b')?.floorViolations).toBe(1);
  });

  it('tries pool after pool, and stands in line only where all are full', () => {
    const second = trustedId('pool', 'pool_b');
    const calls = [1, 2, 3].map((at) => call({ at, lasts: 10, waits: 20 }));
    const report = whatIf(calls, [plan(1), plan(1, { poolId: second })]);
    expect(forecast(report, 'a')).toMatchObject({
      admitted: 3,
      waited: { calls: 1, maxMs: 8_000 },
      lines: { peak: 2 },
    });
    const only: WhatIfOptions = { poolsOf: () => [second] };
    expect(whatIf(calls, [plan(1), plan(1, { poolId: second })], only).pools[0]?.lines.peak).toBe(0);
  });

  it('keeps the limits of a key and its tenant, and lets a call wait for its rate', () => {
    const calls = [0, 1].map((at) => call({ at, lasts: 5, waits: 120 }));
    const own = { keySessionsMax: null, tenantSessionsMax: 1, sessionsPerMinuteMax: null };
    const byTenant = whatIf(calls, [plan(null)], { ownOf: () => own });
    expect(forecast(byTenant, 'a')).toMatchObject({ waited: { calls: 1, maxMs: 4_000 } });
    const byRate = whatIf(calls, [plan(null)], { ownOf: () => ({ ...own, sessionsPerMinuteMax: 1 }) });
    expect(forecast(byRate, 'a')).toMatchObject({ admitted: 2, waited: { calls: 1, maxMs: 59_000 } });
  });

  it('hears of a line that another call brings', () => {
    const own = { keySessionsMax: null, tenantSessionsMax: null, sessionsPerMinuteMax: 2 };
    const calls = [
      ...[0, 1, 2].map((at) => call({ at, lasts: 5, waits: 120 })),
      call({ at: 30, tenant: 'b', lasts: 5 }),
    ];
    const report = whatIf(calls, [plan(null)], { ownOf: () => own });
    expect(forecast(report, 'a')).toMatchObject({ admitted: 3, waited: { calls: 1, maxMs: 28_000 } });
  });

  it('measures fairness while two or more stand in line', () => {
    // Four lines, which a took before b came: b gets what comes free until each has two.
    const calls = [0, 1, 2, 3].map(() => call({ at: 0, lasts: 10 }));
    calls.push(...[0, 1, 2].flatMap(() => ['a', 'b'].map((tenant) => call({ at: 10, tenant, lasts: 10, waits: 60 }))));
    const even = whatIf(calls, [plan(4)]);
    expect(even.pools[0]?.fairness).toBeCloseTo(1, 5);
    const uneven = whatIf(calls, [plan(4, { shares: { tnt_b: share({ ceiling: 1 }) } })]);
    expect(uneven.pools[0]?.fairness).toBeNull();
  });

  it('owes nobody more of a pool than its own limits let it have', () => {
    // Of nine lines a has two and b seven, and for ten seconds each wants one more.
    const calls = [
      ...[0, 1].map(() => call({ at: 0, lasts: 60 })),
      ...[0, 1, 2, 3, 4, 5, 6].map(() => call({ at: 0, tenant: 'b', lasts: 10 })),
      ...['a', 'b'].map((tenant) => call({ at: 0, tenant, lasts: 10, waits: 60 })),
    ];
    const fairness = (ofA: Partial<TenantShare>, own: Partial<OwnLimits> = {}) => {
      const limits = { keySessionsMax: null, tenantSessionsMax: null, sessionsPerMinuteMax: null };
      const ownOf = ({ tenantId }: Arrival) => ({ ...limits, ...(tenantId === 'tnt_a' ? own : {}) });
      return whatIf(calls, [plan(9, { shares: { tnt_a: share(ofA) } })], { ownOf }).pools[0]?.fairness;
    };
    const jain = (a: number, b: number) => (a + b) ** 2 / (2 * (a ** 2 + b ** 2));
    expect(fairness({})).toBeCloseTo(jain(2 / 4.5, 7 / 4.5), 6);
    // Three are all that a may have, so three and six would be fair.
    expect(fairness({ ceiling: 3 })).toBeCloseTo(jain(2 / 3, 7 / 6), 6);
    expect(fairness({}, { tenantSessionsMax: 3 })).toBeCloseTo(jain(2 / 3, 7 / 6), 6);
    // With two it waits for itself, whichever limit says so.
    expect(fairness({ ceiling: 2 })).toBeNull();
    expect(fairness({ keys: { key_a: { floor: 0, ceiling: 2 } } })).toBeNull();
    expect(fairness({}, { tenantSessionsMax: 2 })).toBeNull();
    expect(fairness({}, { keySessionsMax: 2 })).toBeNull();
    expect(fairness({}, { sessionsPerMinuteMax: 2 })).toBeNull();
  });

  it('begins with the lines of open sessions, above caps and floors where they are, and gives them back as they end', () => {
    const [first, gone] = [trustedId('pool', 'pool_a'), trustedId('pool', 'pool_gone')];
    const { keyId, family } = call({ at: 0, lasts: 1 });
    const line = (poolId: typeof first, lasts: number, tenant = 'a') => {
      return { tenantId: trustedId('tnt', `tnt_${tenant}`), keyId, family, poolId, lastsMs: lasts * 1_000 };
    };
    const lines = [line(first, 100), line(first, 4, 'z'), line(first, 2), line(gone, 50)];
    const calls = [call({ at: 1, lasts: 1 }), call({ at: 3, lasts: 10, waits: 9 }), call({ at: 8, lasts: 5 })];
    const report = whatIf(calls, [plan(2)], { openBefore: { atMs: 0, lines } });
    // Three of two lines are in use, then two, then at 4 s there is one for who waits.
    expect(report).toMatchObject({ fromMs: 0, untilMs: 100_000, calls: 3, waited: { calls: 1, maxMs: 1_000 } });
    expect(forecast(report, 'a')).toMatchObject({ calls: 3, admitted: 1, refused: { pool: 2 } });
    expect(forecast(report, 'z')).toMatchObject({ calls: 0, admitted: 0, lines: { peak: 1, mean: 0.04 } });
    expect(report.pools).toMatchObject([{ admitted: 1, lines: { peak: 3, mean: 1.16 } }]);
  });

  it('begins with the first arrival where no session was open before', () => {
    const openBefore = { atMs: 0, lines: [] };
    const report = whatIf([call({ at: 90, lasts: 10 })], [plan(1)], { openBefore });
    expect(report).toMatchObject({ fromMs: 90_000, pools: [{ utilisation: 1 }] });
  });

  it('says nothing of no calls', () => {
    expect(whatIf([], [plan(1)])).toMatchObject({ fromMs: 0, untilMs: 0, calls: 0, tenants: [] });
  });

  it('refuses arrivals out of order, and those that no plan is given for', () => {
    expect(() => whatIf([call({ at: 2, lasts: 1 }), call({ at: 1, lasts: 1 })], [plan(1)])).toThrow(RangeError);
    expect(() => whatIf([call({ at: 2, lasts: 1 })], [])).toThrow('no pool is given');
  });

  it('answers alike each time, and leaves no call of a busy week unaccounted for', () => {
    const traffic = ['a', 'b', 'c'].map((tenant): Traffic => {
      const { tenantId, keyId, family } = call({ at: 0, tenant, lasts: 1 });
      return { tenantId, keyId, family, callsPerHour: 100, meanMs: 120_000, waitMs: 30_000 };
    });
    const week = () => madeUpArrivals({ seed: 1, fromMs: 0, days: 2, traffic });
    const pool = plan(6, { shares: { tnt_a: share({ floor: 2 }), tnt_b: share({ weight: 3 }) } });
    const report = whatIf(week(), [pool]);
    expect(whatIf(week(), [pool])).toEqual(report);
    expect(report.floorViolations).toBe(0);
    for (const { calls, admitted, refused, waited } of report.tenants) {
      expect(admitted + Object.values(refused).reduce((sum, each) => sum + each, 0)).toBe(calls);
      expect(waited.calls).toBeGreaterThan(0);
    }
    expect(report.pools[0]?.lines.peak).toBe(6);
  });
});

describe('waits', () => {
  it('are told to two per cent without being kept', () => {
    const waits = new Waits();
    for (let seconds = 1; seconds <= 100; seconds++) waits.add(seconds * 1_000);
    const { calls, meanMs, medianMs, p95Ms, maxMs } = waits.report();
    expect(Math.abs(medianMs / 50_000 - 1)).toBeLessThan(0.02);
    expect({ calls, meanMs, maxMs }).toEqual({ calls: 100, meanMs: 50_500, maxMs: 100_000 });
    expect(Math.abs(p95Ms / 95_000 - 1)).toBeLessThan(0.02);
  });
});
