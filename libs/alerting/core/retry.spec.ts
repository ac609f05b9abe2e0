import { nextTryMs, TRIED_MS_MAX } from './retry.js';

describe('a message that could not be delivered', () => {
  it('is tried again after pauses that double, with chance in them', () => {
    const pauses = (chance: number) =>
      [1, 2, 3, 12, 60].map((attempts) => nextTryMs({ attempts, sinceMs: 0 }, { nowMs: 0, chance }));
    expect(pauses(0)).toEqual([2_500, 5_000, 10_000, 900_000, 900_000]);
    expect(pauses(1)).toEqual([5_000, 10_000, 20_000, 1_800_000, 1_800_000]);
  });

  it('is given up after a day, and after a bounded number of tries', () => {
    let nowMs: number | null = 0;
    let attempts = 0;
    while (nowMs !== null) nowMs = nextTryMs({ attempts: ++attempts, sinceMs: 0 }, { nowMs, chance: 0 });
    expect(attempts).toBeLessThan(120);
    expect(nextTryMs({ attempts: 1, sinceMs: 0 }, { nowMs: TRIED_MS_MAX, chance: 0 })).toBeNull();
  });
});
