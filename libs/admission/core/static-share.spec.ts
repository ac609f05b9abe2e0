import type { Clock } from '@trunkline/kernel';
import { MemoryLeaseStore } from '../adapters/memory/index.js';
import { acquired, confirmed, held, lineRequest, storeThrough } from './lease-builders.conformance.js';
import { LeaseKeeper } from './lease-keeper.js';
import { DEFAULT_LEASE_TERMS, type Lease } from './lease.js';
import { LeaseStoreUnavailable, type LeaseStore } from './lease-store.js';
import { StaticShare } from './static-share.js';

const caps = { pool: 2 };

const terms = DEFAULT_LEASE_TERMS;
// By then a reservation would outlast the line that it stands on.
const LENT_FOR_MS = terms.confirmedMs - terms.pendingMs;

class Rig {
  nowMs = 0;
  away = false;
  /** Requests reach the store, answers do not come back. */
  deaf = false;
  readonly clock: Clock = { nowMs: () => this.nowMs, monotonicMs: () => this.nowMs };
  readonly inner = new MemoryLeaseStore(this.clock, terms);
  readonly store = new StaticShare(
    storeThrough((method) => {
      if (this.away) throw new LeaseStoreUnavailable('disconnected');
      if (!this.deaf) return this.inner;
      return { ...storeThrough(() => this.inner), [method]: this.#unheard(method) };
    }),
    terms,
    this.clock,
  );
  readonly lost: string[] = [];
  readonly keeper = new LeaseKeeper({
    store: this.store,
    terms,
    clock: this.clock,
    random: () => 0.5,
    wait: async () => undefined,
    observe: () => undefined,
    whenUnreachable: 'end',
    heldMax: 100,
  });

  /** Two lines held, then the store is away, and it is known. */
  async cutOff() {
    const leases = [
      await confirmed(this.store, { session: 'a', caps }),
      await confirmed(this.store, { session: 'b', caps }),
    ] as const;
    this.away = true;
    await expect(this.store.renew([])).rejects.toThrow(LeaseStoreUnavailable);
    return leases;
  }

  /** A session ends; nobody hears of it. */
  async end(lease: Lease): Promise<void> {
    await expect(this.keeper.release(lease)).rejects.toThrow(LeaseStoreUnavailable);
  }

  async refuses(session: string): Promise<void> {
    await expect(this.store.acquire(lineRequest({ session, caps }))).rejects.toThrow(LeaseStoreUnavailable);
  }

  /** Confirms, and keeps it with the policy to end. */
  hold(lease: Lease): Promise<'confirmed' | 'lost'> {
    return this.keeper.confirm(lease, ({ sessionId }, { goneWithinMs }) => {
      this.lost.push(`${sessionId} at ${this.nowMs}, gone by ${this.nowMs + goneWithinMs}`);
    });
  }

  async passTo(ms: number): Promise<void> {
    while (this.nowMs < ms) {
      this.nowMs += Math.min(500, ms - this.nowMs);
      this.keeper.tick();
      await this.keeper.idle();
    }
  }

  #unheard(method: keyof LeaseStore) {
    return async (lease: Lease): Promise<never> => {
      if (method === 'release') await this.inner.release(lease);
      throw new LeaseStoreUnavailable('timeout');
    };
  }
}

describe('a static share', () => {
  it('lets a call take over the line of another that ended while the store was away, and no more', async () => {
    const rig = new Rig();
    const [a] = await rig.cutOff();
    await rig.refuses('c');
    await rig.end(a);
    const c = await acquired(rig.store, { session: 'c', caps });
    expect(await rig.store.confirm(c)).toBe('confirmed');
    await rig.refuses('d');
    await rig.end(c);
    await acquired(rig.store, { session: 'd', caps });
  });

  it('lends a line to the same key, pool and family only', async () => {
    const rig = new Rig();
    const [a] = await rig.cutOff();
    await rig.end(a);
    for (const ids of [{ key: 'b' }, { pool: 'b' }, { family: 'gpt-live-1' }])
      await expect(rig.store.acquire(lineRequest({ session: 'c', ids, caps }))).rejects.toThrow(LeaseStoreUnavailable);
    await acquired(rig.store, { session: 'c', caps });
  });

  it('lends no line whose release may have been carried out', async () => {
    const rig = new Rig();
    const a = await confirmed(rig.store, { session: 'a', caps });
    rig.deaf = true;
    await rig.end(a);
    await rig.refuses('c');
    expect(await held(rig.inner)).toBe(0);
  });

  it('lends no reservation that has never become a session', async () => {
    const rig = new Rig();
    const a = await acquired(rig.store, { session: 'a', caps });
    rig.away = true;
    await expect(rig.store.renew([])).rejects.toThrow(LeaseStoreUnavailable);
    await rig.end(a);
    await rig.refuses('c');
  });

  it('lends no line that may lapse during the dial, counted from the last answer for it', async () => {
    const rig = new Rig();
    const a = await confirmed(rig.store, { session: 'a', caps });
    rig.nowMs = 7_000;
    await rig.store.renew([a]);
    rig.away = true;
    await expect(rig.store.renew([a])).rejects.toThrow(LeaseStoreUnavailable);
    await rig.end(a);
    rig.nowMs = 7_000 + LENT_FOR_MS;
    await rig.end(await acquired(rig.store, { session: 'c', caps }));
    rig.nowMs += 1;
    await rig.refuses('d');
  });

  it('confirms nothing on a line that is about to lapse', async () => {
    const rig = new Rig();
    const [a] = await rig.cutOff();
    await rig.end(a);
    rig.nowMs = LENT_FOR_MS;
    const c = await acquired(rig.store, { session: 'c', caps });
    rig.nowMs = terms.confirmedMs - terms.fenceMarginMs - 1;
    expect(await rig.store.confirm(c)).toBe('confirmed');
    rig.nowMs += 1;
    await expect(rig.store.confirm(c)).rejects.toThrow(LeaseStoreUnavailable);
  });

  it('has the session of a line that was taken over ended before that line lapses, where the policy is to end', async () => {
    const rig = new Rig();
    const [a] = await rig.cutOff();
    await rig.end(a);
    await rig.passTo(LENT_FOR_MS);
    const c = await acquired(rig.store, { session: 'c', caps });
    await rig.passTo(20_000);
    expect(await rig.hold(c)).toBe('confirmed');
    await rig.passTo(60_000);
    expect(rig.lost).toEqual(['ses_c at 25000, gone by 27750']);
  });

  it('lends nothing after a life of its leases, however many sessions the keeper ended', async () => {
    const rig = new Rig();
    const leases = [
      await acquired(rig.store, { session: 'a', caps }),
      await acquired(rig.store, { session: 'b', caps }),
    ];
    for (const lease of leases) expect(await rig.hold(lease)).toBe('confirmed');
    rig.away = true;
    await rig.passTo(terms.confirmedMs - terms.fenceMarginMs);
    expect(rig.lost).toHaveLength(2);
    for (const lease of leases) await rig.end(lease);
    await rig.refuses('c');
    await rig.passTo(2 * terms.confirmedMs);
    await rig.refuses('d');
    // Others were given the lines meanwhile: the pool is full without this replica.
    for (const session of ['e', 'f']) await confirmed(rig.inner, { session, caps });
  });

  it('gives back what it held back, and lends nothing, when the store is back', async () => {
    const rig = new Rig();
    const [a, b] = await rig.cutOff();
    for (const lease of [a, b]) await rig.end(lease);
    rig.away = false;
    await rig.store.renew([]);
    await new Promise(setImmediate);
    expect(await held(rig.inner)).toBe(0);
    rig.away = true;
    await rig.refuses('c');
  });

  it('registers what was taken over when the store is back', async () => {
    const rig = new Rig();
    const [a] = await rig.cutOff();
    await rig.end(a);
    const c = await acquired(rig.store, { session: 'c', caps });
    expect(await rig.hold(c)).toBe('confirmed');
    rig.nowMs = terms.confirmedMs - terms.fenceMarginMs - 1;
    rig.away = false;
    // The line that could not be given back has lapsed by the next renewal that gets through.
    expect(await rig.store.renew([c])).toEqual([c]);
    rig.nowMs = terms.confirmedMs;
    expect(await rig.store.reregister([c])).toEqual([]);
    expect(await held(rig.store)).toBe(1);
    expect(rig.store.answeredAtMs(c)).toBe(terms.confirmedMs);
  });

  it('loses a line that was taken over but not confirmed when the store is back and full', async () => {
    const rig = new Rig();
    const [a] = await rig.cutOff();
    await rig.end(a);
    const c = await acquired(rig.store, { session: 'c', caps });
    rig.away = false;
    expect(await rig.store.confirm(c)).toBe('lost');
    expect(await held(rig.store)).toBe(2);
  });
});
