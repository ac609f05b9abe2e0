import fc from 'fast-check';
import { DueQueue } from './due-queue.js';

describe('a due queue', () => {
  it('gives the earliest first, and of what is due at once what was put in first', () => {
    fc.assert(
      fc.property(fc.array(fc.nat(20)), (times) => {
        const queue = new DueQueue<readonly [number, number]>();
        const put = times.map((atMs, i) => [atMs, i] as const);
        for (const each of put) queue.put(each[0], each);
        const taken = put.map(() => queue.take());
        expect(taken).toEqual(put.toSorted((a, b) => a[0] - b[0] || a[1] - b[1]));
        expect([queue.take(), queue.nextMs]).toEqual([null, null]);
      }),
    );
  });
});
