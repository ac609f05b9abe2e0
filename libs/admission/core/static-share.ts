// What a replica may do while the store is away, for installations that would rather go on than refuse: a call may take
// over the line of another that ended meanwhile, of the same key, pool and family, while that line is certainly still this
// replica's own. Nobody can tell from inside whether the store is away for everybody or only for this replica, whose lines
// lapse meanwhile and go to others. So a line is lent only
// - if its release was never sent: one that was sent may have been carried out, answer or not;
// - as long as a reservation, which is what a dial may take, ends before the line lapses by the store's last answer for it.
// A session on such a line is as old as that answer (`answeredAtMs`): the keeper's policy for those who cannot be renewed
// meets it when it would have met the one before. With `end` no cap is passed; with `keep` a pool stands above its cap by
// no more than the sessions that this replica had. With the store's first answer the share ends: releases that were held
// back are sent, and what was taken over is registered like any living session, or is lost where there is no room for it.
import type { Clock } from '@trunkline/kernel';
import { LeaseStoreUnavailable, type AcquireOutcome, type AcquireRequest, type LeaseStore } from './lease-store.js';
import { inEachPool, type Caller, type Lease, type LeaseTerms } from './lease.js';
import { isSamePlace, type Place } from './limits.js';

// More than a process can hold are not worth remembering.
const FREED_MAX = 10_000;

/** A line of a session that ended while the store was away. */
interface Freed {
  readonly place: Place;
  readonly fence: number;
  /** By our clock: when the question went out that the store last answered with this line. */
  readonly answeredAtMs: number;
  /** Whoever had it, the one whom the store knows first: all of them give it back. */
  readonly holders: readonly Lease[];
}

/** A store that lends out of its own share while the inner one is away. */
export class StaticShare implements LeaseStore {
  /** Lines whose release was held back. */
  #freed: Freed[] = [];
  /** By token of a confirmed or taken over lease that is not released yet; by our clock. */
  readonly #answeredAtMs = new Map<string, number>();
  /** By token of a lease that the store never gave: who had its line before. */
  readonly #before = new Map<string, readonly Lease[]>();
  #isAway = false;

  /** @param clock must be the one of the keeper that holds the leases. */
  constructor(
    private readonly inner: LeaseStore,
    private readonly terms: Pick<LeaseTerms, 'confirmedMs' | 'pendingMs' | 'fenceMarginMs'>,
    private readonly clock: Pick<Clock, 'monotonicMs'>,
  ) {}

  async acquire(request: AcquireRequest): Promise<AcquireOutcome> {
    try {
      return await this.#ask(() => this.inner.acquire(request));
    } catch (error) {
      const lease = error instanceof LeaseStoreUnavailable ? this.#lend(inEachPool(request)) : null;
      if (lease === null) throw error;
      return { kind: 'admitted', own: null, lease };
    }
  }

  async confirm(lease: Lease): Promise<'confirmed' | 'lost'> {
    const askedMs = this.clock.monotonicMs();
    try {
      const outcome = await this.#ask(() => this.#confirmInside(lease));
      if (outcome === 'confirmed') this.#answeredAtMs.set(lease.token, askedMs);
      return outcome;
    } catch (error) {
      if (error instanceof LeaseStoreUnavailable && this.#mayOpen(lease)) return 'confirmed';
      throw error;
    }
  }

  async release(lease: Lease, keepMs?: number): Promise<'released' | 'gone'> {
    const { place, fence, token } = lease;
    const answeredAtMs = this.#answeredAtMs.get(token);
    const before = this.#before.get(token) ?? [];
    this.#answeredAtMs.delete(token);
    this.#before.delete(token);
    if (this.#isAway && answeredAtMs !== undefined && this.#freed.length < FREED_MAX) {
      this.#freed.push({ place, fence, answeredAtMs, holders: [...before, lease] });
      throw new LeaseStoreUnavailable('disconnected');
    }
    const outcome = await this.#ask(() => this.inner.release(lease, keepMs));
    void this.#giveBack(before);
    return outcome;
  }

  async renew(leases: readonly Lease[]): Promise<readonly Lease[]> {
    return this.#prolong(leases, () => this.inner.renew(leases));
  }

  async reregister(leases: readonly Lease[]): Promise<readonly Lease[]> {
    return this.#prolong(leases, () => this.inner.reregister(leases));
  }

  answeredAtMs({ token }: Lease): number | null {
    return this.#answeredAtMs.get(token) ?? null;
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

  async #ask<T>(question: () => Promise<T>): Promise<T> {
    try {
      const answer = await question();
      this.#back();
      return answer;
    } catch (error) {
      if (error instanceof LeaseStoreUnavailable) this.#isAway = true;
      throw error;
    }
  }

  // A lease that the store never gave counts as a living session, or is lost.
  async #confirmInside(lease: Lease): Promise<'confirmed' | 'lost'> {
    if (!this.#before.has(lease.token)) return this.inner.confirm(lease);
    return (await this.inner.reregister([lease])).length === 0 ? 'confirmed' : 'lost';
  }

  async #prolong(leases: readonly Lease[], question: () => Promise<readonly Lease[]>): Promise<readonly Lease[]> {
    const askedMs = this.clock.monotonicMs();
    const absent = await this.#ask(question);
    const gone = new Set(absent.map(({ token }) => token));
    // Only what is still held: a session may have ended meanwhile.
    for (const { token } of leases)
      if (!gone.has(token) && this.#answeredAtMs.has(token)) this.#answeredAtMs.set(token, askedMs);
    return absent;
  }

  // The store answered: from here on it counts.
  #back(): void {
    const freed = this.#freed;
    this.#freed = [];
    this.#isAway = false;
    void this.#giveBack(freed.flatMap(({ holders }) => holders));
  }

  // One by one: there may be many, and calls under way are bounded. What the store does not hear of lapses by itself.
  async #giveBack(leases: readonly Lease[]): Promise<void> {
    for (const lease of leases)
      try {
        await this.inner.release(lease);
      } catch {
        return;
      }
  }

  // Taken over, and not yet so old that the keeper would have to do without the store's answer.
  #mayOpen({ token }: Lease): boolean {
    const { confirmedMs, fenceMarginMs } = this.terms;
    const answeredAtMs = this.#before.has(token) ? this.#answeredAtMs.get(token) : undefined;
    return answeredAtMs !== undefined && this.clock.monotonicMs() < answeredAtMs + confirmedMs - fenceMarginMs;
  }

  // The first of its pools that has a line of this key gives it.
  #lend(callers: readonly Caller[]): Lease | null {
    for (const { sessionId, replicaId, token, place, own, plan } of callers) {
      const line = this.#takeFreed(place);
      if (line === null) continue;
      this.#answeredAtMs.set(token, line.answeredAtMs);
      this.#before.set(token, line.holders);
      return { sessionId, replicaId, token, place, own, plan, fence: line.fence + 1 };
    }
    return null;
  }

  #takeFreed(place: Place): Freed | null {
    const { confirmedMs, pendingMs } = this.terms;
    const nowMs = this.clock.monotonicMs();
    this.#freed = this.#freed.filter(({ answeredAtMs }) => nowMs < answeredAtMs + confirmedMs);
    const index = this.#freed.findIndex(
      (line) => isSamePlace(line.place, place) && nowMs + pendingMs <= line.answeredAtMs + confirmedMs,
    );
    return index < 0 ? null : (this.#freed.splice(index, 1)[0] ?? null);
  }
}
