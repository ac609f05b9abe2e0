import { trustedId } from '@trunkline/kernel';
import { busyness, madeUpArrivals, type Traffic } from './arrivals.js';

// A Monday.
const FROM_MS = Date.UTC(2026, 10, 16);
const HOUR_MS = 3_600_000;

function traffic(tenant: string, callsPerHour: number): Traffic {
  const [tenantId, keyId] = [trustedId('tnt', `tnt_${tenant}`), trustedId('key', `key_${tenant}`)];
  return { tenantId, keyId, family: 'large', callsPerHour, meanMs: 60_000, waitMs: 5_000 };
}

describe('a week that is made up', () => {
  const week = [...madeUpArrivals({ seed: 1, fromMs: FROM_MS, traffic: [traffic('a', 300), traffic('b', 100)] })];

  it('is the same for the same seed, and another for another', () => {
    const again = { fromMs: FROM_MS, days: 1, traffic: [traffic('a', 50)] };
    expect([...madeUpArrivals({ seed: 2, ...again })]).toEqual([...madeUpArrivals({ seed: 2, ...again })]);
    expect([...madeUpArrivals({ seed: 3, ...again })]).not.toEqual([...madeUpArrivals({ seed: 2, ...again })]);
  });

  it('comes in order of time', () => {
    expect(week.every(({ atMs }, i) => atMs >= (week[i - 1]?.atMs ?? FROM_MS))).toBe(true);
    expect(week.at(-1)?.atMs).toBeLessThan(FROM_MS + 7 * 24 * HOUR_MS);
  });

  it('has as many calls in the busiest hours as it was asked for, of each tenant', () => {
    const busiest = week.filter(({ atMs }) => busyness(atMs) === 1);
    const hours = 5 * 2;
    for (const [tenant, perHour] of [
      ['tnt_a', 300],
      ['tnt_b', 100],
    ] as const) {
      const calls = busiest.filter(({ tenantId }) => tenantId === tenant).length / hours;
      expect(Math.abs(calls / perHour - 1)).toBeLessThan(0.1);
    }
  });

  it('has few calls at night and on the weekend', () => {
    const of = (fromHour: number, hours: number) =>
      week.filter(({ atMs }) => atMs >= FROM_MS + fromHour * HOUR_MS && atMs < FROM_MS + (fromHour + hours) * HOUR_MS);
    expect(of(1, 3).length).toBeLessThan(of(9, 3).length / 20);
    expect(of(5 * 24, 24).length).toBeLessThan(of(0, 24).length / 4);
  });

  it('has calls that last as long as was asked for, on average', () => {
    const meanMs = week.reduce((sum, { lastsMs }) => sum + lastsMs, 0) / week.length;
    expect(Math.abs(meanMs / 60_000 - 1)).toBeLessThan(0.05);
  });

  it('is empty without traffic', () => {
    expect([...madeUpArrivals({ seed: 1, fromMs: FROM_MS, traffic: [] })]).toEqual([]);
  });
});
