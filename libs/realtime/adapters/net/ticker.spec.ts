import { eventually } from '../../../../test/support/poll.js';
import { randomMaskKeys } from './mask-key.js';
import { IntervalTicker } from './ticker.js';

describe('the ticker', () => {
  it('sweeps everyone about once per period, not all at the same moment, and nobody after they left', async () => {
    const ticker = new IntervalTicker(100, 5);
    const times: number[][] = Array.from({ length: 10 }, () => []);
    const leave = times.map((own) => ticker.add((nowMs) => own.push(nowMs)));
    await eventually('three sweeps each', () => times.every((own) => own.length >= 3) || null);
    const firsts = new Set(times.map((own) => own[0]));
    expect(firsts.size).toBeGreaterThanOrEqual(5);
    for (const off of leave) off();
    const counts = times.map((own) => own.length);
    let others = 0;
    ticker.add(() => others++);
    await eventually('others are swept', () => others >= 2 || null);
    expect(times.map((own) => own.length)).toEqual(counts);
    ticker.stop();
  });
});

describe('mask keys', () => {
  it('are 32-bit numbers that do not repeat', () => {
    const next = randomMaskKeys();
    const keys = Array.from({ length: 3000 }, next);
    expect(keys.every((key) => Number.isInteger(key) && key >= 0 && key < 2 ** 32)).toBe(true);
    expect(new Set(keys).size).toBeGreaterThan(2990);
  });
});
