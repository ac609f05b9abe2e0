// What a replica may do while the store is away, for installations that would rather go on than refuse: the lines that it
// held when it lost the store stay its own, and a call may take over the line of another that ended meanwhile, of the same
// key, pool and family. While the store is away no cap is passed by that: every replica holds at most what it was given.
// With the store's first answer the share ends; what was taken over is registered like any living session. A store that
// was only slow may then have given such a line to somebody else already: the pool stands above its cap by it until the
// next renewal, which ends the session that took it over.
import { LeaseStoreUnavailable, type AcquireOutcome, type AcquireRequest, type LeaseStore } from './lease-store.js';
import { inEachPool, type Caller, type Lease } from './lease.js';
import { isSamePlace, type Place } from './limits.js';

// A line that nobody took over in an hour of outage is not worth remembering; nor are more than a process can hold.
const FREED_MAX = 10_000;

/** A store that lends out of its own share while the inner one is away. */
export class StaticShare implements LeaseStore {
  /** Lines whose release the store did not hear of. */
  #freed: Lease[] = [];
  /** Tokens of leases that the store has never heard of. */
  readonly #own = new Set<string>();

  constructor(private readonly inner: LeaseStore) {}

  async acquire(request: AcquireRequest): Promise<AcquireOutcome> {
    try {
      return this.#back(await this.inner.acquire(request));
    } catch (error) {
      const lease = error instanceof LeaseStoreUnavailable ? this.#lend(inEachPool(request)) : null;
      if (lease === null) throw error;
      return { kind: 'admitted', own: null, lease };
    }
  }

  async confirm(lease: Lease): Promise<'confirmed' | 'lost'> {
    if (!this.#own.has(lease.token)) return this.#back(await this.inner.confirm(lease));
    try {
      // The store is back and has never heard of it: it counts as a living session, or is lost.
      return (await this.inner.reregister([lease])).length === 0 ? 'confirmed' : 'lost';
    } catch (error) {
      if (error instanceof LeaseStoreUnavailable) return 'confirmed';
      throw error;
    }
  }

  async release(lease: Lease, keepMs?: number): Promise<'released' | 'gone'> {
    this.#own.delete(lease.token);
    try {
      return this.#back(await this.inner.release(lease, keepMs));
    } catch (error) {
      if (error instanceof LeaseStoreUnavailable && this.#freed.length < FREED_MAX) this.#freed.push(lease);
      throw error;
    }
  }

  async renew(leases: readonly Lease[]): Promise<readonly Lease[]> {
    return this.#back(await this.inner.renew(leases));
  }

  async reregister(leases: readonly Lease[]): Promise<readonly Lease[]> {
    return this.#back(await this.inner.reregister(leases));
  }

  ending(...args: Parameters<LeaseStore['ending']>): ReturnType<LeaseStore['ending']> {
    return this.inner.ending(...args);
  }

  attend(...args: Parameters<LeaseStore['attend']>): ReturnType<LeaseStore['attend']> {
    return this.inner.attend(...args);
  }

  leave(...args: Parameters<LeaseStore['leave']>): ReturnType<LeaseStore['leave']> {
    return this.inner.leave(...args);
  }

  pause(...args: Parameters<LeaseStore['pause']>): ReturnType<LeaseStore['pause']> {
    return this.inner.pause(...args);
  }

  used(...args: Parameters<LeaseStore['used']>): ReturnType<LeaseStore['used']> {
    return this.inner.used(...args);
  }

  mayReclaim(...args: Parameters<LeaseStore['mayReclaim']>): ReturnType<LeaseStore['mayReclaim']> {
    return this.inner.mayReclaim(...args);
  }

  list(...args: Parameters<LeaseStore['list']>): ReturnType<LeaseStore['list']> {
    return this.inner.list(...args);
  }

  view(...args: Parameters<LeaseStore['view']>): ReturnType<LeaseStore['view']> {
    return this.inner.view(...args);
  }

  page(...args: Parameters<LeaseStore['page']>): ReturnType<LeaseStore['page']> {
    return this.inner.page(...args);
  }

  onGranted(...args: Parameters<LeaseStore['onGranted']>): ReturnType<LeaseStore['onGranted']> {
    return this.inner.onGranted(...args);
  }

  // The store answered: from here on it counts, and may have given lapsed lines to others.
  #back<T>(answer: T): T {
    this.#freed = [];
    return answer;
  }

  // The first of its pools that lost a line of this key gives it.
  #lend(callers: readonly Caller[]): Lease | null {
    for (const { sessionId, replicaId, token, place, own, plan } of callers) {
      const line = this.#takeFreed(place);
      if (line === null) continue;
      this.#own.add(token);
      return { sessionId, replicaId, token, place, own, plan, fence: line.fence + 1 };
    }
    return null;
  }

  #takeFreed(place: Place): Lease | null {
    const index = this.#freed.findIndex((lease) => isSamePlace(lease.place, place));
    return index < 0 ? null : (this.#freed.splice(index, 1)[0] ?? null);
  }
}
