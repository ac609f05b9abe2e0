import { lineRequest } from './lease-builders.conformance.js';
import type { Place } from './limits.js';
import { DEFAULT_LEASE_TERMS } from './lease.js';
import { Switchboard } from './switchboard.js';

const FULL = { caps: { pool: 1 }, plan: { waitingMax: 1_000, waitingPerTenantMax: 1_000 } };

/** A full pool with so many calls in line, and how often the steps look at whose a call is. */
class Line {
  looks = 0;
  readonly board = new Switchboard(DEFAULT_LEASE_TERMS);
  readonly requests;

  constructor(calls: number) {
    this.board.open(true, 0);
    this.board.acquire(lineRequest({ session: 'holder', ...FULL }), 0);
    this.requests = Array.from({ length: calls }, (_, i) => {
      const request = lineRequest({ session: `${i}`, ids: { tenant: `${i % 5}` }, ...FULL, mayWait: true });
      return { ...request, place: this.#counted(request.place) };
    });
    for (const request of this.requests) this.board.acquire(request, 0);
  }

  looksDuring(work: () => void): number {
    const before = this.looks;
    work();
    return this.looks - before;
  }

  #counted(place: Place): Place {
    return new Proxy(place, {
      get: (of, name, receiver) => {
        this.looks += 1;
        return Reflect.get(of, name, receiver) as unknown;
      },
    });
  }
}

describe('what a line costs', () => {
  it('is told to all calls in it in work that grows as they do, not with their square', () => {
    const told = (calls: number): number => {
      const line = new Line(calls);
      return line.looksDuring(() => line.board.attend(line.requests, 1_000));
    };
    expect(told(100)).toBeGreaterThan(100);
    expect(told(400)).toBeLessThan(5 * told(100));
  });

  it('is joined by all calls of a pool, when a second one may carry them, in such work as well', () => {
    const { plan } = lineRequest({ ids: { pool: 'b' }, ...FULL, caps: { pool: 0 } });
    const joined = (calls: number): number => {
      const line = new Line(calls);
      const moved = line.requests.map((request) => ({ ...request, otherPools: [plan] }));
      return line.looksDuring(() => line.board.attend(moved, 1_000));
    };
    expect(joined(400)).toBeLessThan(5 * joined(100));
  });

  it('is right after calls came and left', () => {
    const { board, requests } = new Line(20);
    const [first, , third] = requests;
    if (!first || !third) throw new Error('there are twenty');
    board.leave(first, 500);
    // Of five tenants in turn, the sixth call was the second of the first call's.
    const [standing] = board.attend(requests.slice(5, 6), 1_000);
    expect(standing).toMatchObject({ kind: 'waiting', denial: { queue: { position: 1 } } });
    expect(board.queue.counted(first.place)).toEqual({ inPool: 19, ofTenant: 3, tenants: 5 });
    board.attend([first], 1_000);
    expect(board.queue.counted(third.place)).toEqual({ inPool: 19, ofTenant: 4, tenants: 5 });
  });
});
