// Promise P2 against kill -9, by the upstream's own books. The same run for ten minutes, and with `--trouble` against a Redis
// in trouble, by hand: `node --import ./test/support/ts-register.mjs test/faults/fair-cap/main.ts --minutes 10`.
import { redisTrouble } from './fair-cap/redis-troubles.js';
import { runFairCap } from './fair-cap/run.js';

const SIZE = {
  gateways: 3,
  cap: 20,
  tenants: 8,
  floors: { tenants: 3, lines: 2 },
  waitMs: 10_000,
  waitingMax: 1_000,
  leaseTtl: '4s',
};

describe('one cap over three gateways', () => {
  it('is never exceeded while gateways are killed, every floor is honoured, the rest is shared by weight', async () => {
    const plan = { size: SIZE, clientsPerTenant: 8, seconds: 45, killEverySeconds: 15, killsMin: 2 };
    const { counts, watched, kills, peak, leftOpen } = await runFairCap(plan);
    expect(kills).toBeGreaterThanOrEqual(2);
    expect(peak).toBeLessThanOrEqual(SIZE.cap);
    expect(peak).toBeGreaterThanOrEqual(SIZE.cap - 1);
    expect(leftOpen).toBe(0);
    expect(counts.odd).toEqual([]);
    expect(counts.admitted).toBeGreaterThan(50);
    expect(watched.floorsMissed).toBe(0);
    expect(watched.saturatedTenants).toBeGreaterThanOrEqual(6);
    expect(watched.fairness).toBeGreaterThan(0.9);
  }, 300_000);

  it('is never exceeded by who comes when Redis has lost its memory, and no live call is cut', async () => {
    const size = { ...SIZE, gateways: 2, cap: 8, tenants: 4, floors: { tenants: 2, lines: 1 } };
    const trouble = redisTrouble('flushed', 4_000);
    const plan = { size, clientsPerTenant: 4, seconds: 12, killEverySeconds: null, trouble };
    const { counts, watched, peak, leftOpen } = await runFairCap(plan);
    expect(peak).toBeLessThanOrEqual(size.cap);
    expect(leftOpen).toBe(0);
    expect(counts.odd).toEqual([]);
    expect(counts.cut).toBe(0);
    expect(counts.admitted).toBeGreaterThan(size.cap);
    expect(watched.floorsMissed).toBe(0);
  }, 120_000);
});
