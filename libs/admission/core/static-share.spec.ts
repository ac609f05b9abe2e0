import type { Clock } from '@trunkline/kernel';
import { MemoryLeaseStore } from '../adapters/memory/index.js';
import { acquired, confirmed, held, lineRequest, storeThrough } from './lease-builders.conformance.js';
import { DEFAULT_LEASE_TERMS } from './lease.js';
import { LeaseStoreUnavailable } from './lease-store.js';
import { StaticShare } from './static-share.js';

const caps = { pool: 2 };

class Rig {
  nowMs = 0;
  away = false;
  readonly clock: Clock = { nowMs: () => this.nowMs, monotonicMs: () => this.nowMs };
  readonly inner = new MemoryLeaseStore(this.clock, DEFAULT_LEASE_TERMS);
  readonly store = new StaticShare(
    storeThrough(() => {
      if (this.away) throw new LeaseStoreUnavailable('disconnected');
      return this.inner;
    }),
  );

  /** Two lines held, then the store is away. */
  async cutOff() {
    const leases = [
      await confirmed(this.store, { session: 'a', caps }),
      await confirmed(this.store, { session: 'b', caps }),
    ] as const;
    this.away = true;
    return leases;
  }
}

describe('a static share', () => {
  it('lets a call take over the line of another that ended while the store was away, and no more', async () => {
    const rig = new Rig();
    const [a] = await rig.cutOff();
    await expect(rig.store.acquire(lineRequest({ session: 'c', caps }))).rejects.toThrow(LeaseStoreUnavailable);
    await expect(rig.store.release(a)).rejects.toThrow(LeaseStoreUnavailable);
    const c = await acquired(rig.store, { session: 'c', caps });
    expect(await rig.store.confirm(c)).toBe('confirmed');
    await expect(rig.store.acquire(lineRequest({ session: 'd', caps }))).rejects.toThrow(LeaseStoreUnavailable);
  });

  it('lends a line to the same key, pool and family only', async () => {
    const rig = new Rig();
    const [a] = await rig.cutOff();
    await rig.store.release(a).catch(() => undefined);
    for (const ids of [{ key: 'b' }, { pool: 'b' }, { family: 'gpt-live-1' }])
      await expect(rig.store.acquire(lineRequest({ session: 'c', ids, caps }))).rejects.toThrow(LeaseStoreUnavailable);
    await acquired(rig.store, { session: 'c', caps });
  });

  it('registers what was taken over when the store is back, and lends nothing from then on', async () => {
    const rig = new Rig();
    const [a, b] = await rig.cutOff();
    for (const lease of [a, b]) await rig.store.release(lease).catch(() => undefined);
    const c = await acquired(rig.store, { session: 'c', caps });
    await rig.store.confirm(c);
    // Lines that could not be given back lapse in the store as they would for anybody.
    rig.nowMs += DEFAULT_LEASE_TERMS.confirmedMs;
    rig.away = false;
    expect(await rig.store.renew([c])).toEqual([c]);
    expect(await rig.store.reregister([c])).toEqual([]);
    expect(await held(rig.store)).toBe(1);
    rig.away = true;
    await expect(rig.store.acquire(lineRequest({ session: 'd', caps }))).rejects.toThrow(LeaseStoreUnavailable);
  });

  it('loses a line that was taken over but not confirmed when the store is back and full', async () => {
    const rig = new Rig();
    const [a] = await rig.cutOff();
    await rig.store.release(a).catch(() => undefined);
    const c = await acquired(rig.store, { session: 'c', caps });
    rig.away = false;
    expect(await rig.store.confirm(c)).toBe('lost');
    expect(await held(rig.store)).toBe(2);
  });
});
