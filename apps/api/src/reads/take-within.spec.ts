import { takeWithin } from './take-within.js';

async function* pages(): AsyncGenerator<number> {
  for (const page of [1, 2, 3]) yield await Promise.resolve(page);
}

describe('a long answer', () => {
  it('is whole when it fits', async () => {
    const taken: number[] = [];
    expect(await takeWithin(pages(), (page) => taken.push(page), { nowMs: () => 0 })).toBe(true);
    expect(taken).toEqual([1, 2, 3]);
  });

  it('ends with the page after which the time is over, and says so', async () => {
    const taken: number[] = [];
    const nowMs = () => taken.length * 10;
    expect(await takeWithin(pages(), (page) => taken.push(page), { nowMs, msMax: 20 })).toBe(false);
    expect(taken).toEqual([1, 2]);
  });
});
