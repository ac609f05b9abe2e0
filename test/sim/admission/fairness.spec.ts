import { Chance } from './chance.js';
import { saturate, type GreedyTenant } from './saturation.js';

const CALL_MS = 10_000;

interface Draw {
  readonly floors: readonly number[];
  readonly weightMax: number;
  readonly callsMs?: readonly number[];
}

function greedy(seed: number, count: number, { floors, weightMax, callsMs = [CALL_MS] }: Draw): GreedyTenant[] {
  const chance = new Chance(seed);
  return Array.from({ length: count }, () => ({
    floor: chance.pick(floors),
    weight: chance.between(1, weightMax),
    callMs: chance.pick(callsMs),
  }));
}

describe('a pool that is never enough', () => {
  it.each([1, 2, 3])('is lent by weight above the floors, at each moment and over time (seed %i)', async (seed) => {
    const tenants = greedy(seed, 5, { floors: [0, 2, 4], weightMax: 5 });
    const fairness = await saturate({ seed, sessionsMax: 60, tenants, releases: 1_500 });
    expect(fairness.overTime).toBeGreaterThanOrEqual(0.99);
    expect(fairness.atMoments).toBeGreaterThanOrEqual(0.99);
    expect(fairness.linesOff).toBeLessThan(2);
  });

  it('is lent by weight over time where shares are a line or two', async () => {
    const tenants = greedy(1, 20, { floors: [0, 0, 1], weightMax: 3 });
    const { overTime, linesOff } = await saturate({ seed: 1, sessionsMax: 40, tenants, releases: 1_500 });
    expect(overTime).toBeGreaterThanOrEqual(0.99);
    expect(linesOff).toBeLessThan(2);
  });

  it.each([1, 2])('is lent by weight and not by who talks for longest (seed %i)', async (seed) => {
    const tenants = greedy(seed, 5, { floors: [0, 2], weightMax: 5, callsMs: [CALL_MS / 3, 2 * CALL_MS] });
    const { overTime } = await saturate({ seed, sessionsMax: 40, tenants, releases: 1_500 });
    expect(overTime).toBeGreaterThanOrEqual(0.99);
  });

  // Twice as many tenants as lines: whoever has none waits for its turn, and gets it.
  it('gives everybody a turn where there are more tenants than lines', async () => {
    const weights = [1, ...Array.from({ length: 10 }, () => 3)];
    const tenants = weights.map((weight) => ({ floor: 0, weight, callMs: CALL_MS }));
    const { overTime, passedOver } = await saturate({ seed: 1, sessionsMax: 5, tenants, releases: 2_500 });
    expect(overTime).toBeGreaterThanOrEqual(0.95);
    expect(passedOver).toBeGreaterThan(0);
  });
});
