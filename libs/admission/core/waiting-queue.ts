// The calls that stand in line. Guarantees first in, first out within a tenant and pool, and that a call whose replica
// fell silent leaves. A call that several pools may carry stands in the line of each, at the place of when it came, and
// leaves all of them at once. Which tenant is next is not decided here. Bounded by the pools' plans. Deterministic.
import type { PoolId, SessionId, TenantId } from '@trunkline/kernel';
import type { Caller } from './lease.js';
import { isSamePlace, type Place } from './limits.js';
import { QueueCounts } from './queue-counts.js';

/** A call in the line of one pool. */
export interface Waiter {
  /** In this pool, with its own limits as its replica last knew them. */
  readonly caller: Caller;
  /** Rises with every call that began to wait; the same in all its pools. */
  readonly sequence: number;
  /** Unix milliseconds. */
  readonly sinceMs: number;
  /** When its replica last attended to it. */
  readonly seenMs: number;
  /** It came while a line of its place was being settled, and counts on that one. */
  readonly comesBack: boolean;
}

/** Where a call stands among those of its pool. */
export interface Standing {
  /** Of the pool. */
  readonly inPool: number;
  /** Of the tenant in the pool. */
  readonly ofTenant: number;
  /** Tenants with a call in line for the pool. */
  readonly tenants: number;
  /** Of the call among its tenant's, from 1; after the last one for a call that is not in line. */
  readonly position: number;
}

/** Waiting calls by session, in the order in which they came. */
export class WaitingQueue {
  readonly #calls = new Map<SessionId, readonly Waiter[]>();
  readonly #counts = new QueueCounts();
  /** By pool, each call's place among those of its tenant; null: not looked at since somebody came or left. */
  #positions: Map<PoolId, ReadonlyMap<SessionId, number>> | null = null;
  #sequence = 0;

  /** Calls in line. */
  get size(): number {
    return this.#calls.size;
  }

  /** The session's places in line, one a pool; none: it is not in line. */
  get(sessionId: SessionId): readonly Waiter[] {
    return this.#calls.get(sessionId) ?? [];
  }

  /** Everybody in line, each with its places. */
  calls(): Iterable<readonly Waiter[]> {
    return this.#calls.values();
  }

  /** Puts a call at the end: `callers` is the call in each of its pools. */
  add(sessionId: SessionId, callers: readonly Caller[], nowMs: number): readonly Waiter[] {
    const sequence = ++this.#sequence;
    const waiters = callers.map((caller) => ({ caller, sequence, sinceMs: nowMs, seenMs: nowMs, comesBack: false }));
    this.#take(sessionId);
    this.#put(sessionId, waiters);
    return waiters;
  }

  /** Its replica attends to it, in these pools and under what its limits are by now; it keeps its place. */
  seen(sessionId: SessionId, callers: readonly Caller[], nowMs: number): void {
    const places = this.get(sessionId);
    const [first] = places;
    if (!first) return;
    const backIn = places.find(({ comesBack }) => comesBack)?.caller.place.poolId;
    const waiters = callers.map((caller) => {
      return { ...first, caller, seenMs: nowMs, comesBack: caller.place.poolId === backIn };
    });
    this.stay(sessionId, waiters);
  }

  /** Leaves it only these of its places. */
  stay(sessionId: SessionId, waiters: readonly Waiter[]): void {
    if (waiters.length > 0) this.#put(sessionId, waiters);
    else this.#take(sessionId);
  }

  remove(sessionId: SessionId): void {
    this.#take(sessionId);
  }

  /** Of the calls that count on a line of this place, only so many go on doing so: those that came first. */
  countOn(place: Place, linesMax: number): void {
    const counting = this.at(place).filter(({ comesBack }) => comesBack);
    for (const { caller } of counting.slice(linesMax)) {
      const waiters = this.get(caller.sessionId);
      this.stay(
        caller.sessionId,
        waiters.map((waiter) => ({ ...waiter, comesBack: false })),
      );
    }
  }

  /** Takes out calls that nobody attended to for `silentMs`. */
  removeSilent(nowMs: number, silentMs: number): void {
    for (const [sessionId, waiters] of this.#calls)
      if (waiters.every(({ seenMs }) => nowMs - seenMs >= silentMs)) this.#take(sessionId);
  }

  /** Everybody in line for the pool, in order. */
  ofPool(poolId: PoolId): readonly Waiter[] {
    const found: Waiter[] = [];
    for (const waiters of this.#calls.values())
      for (const waiter of waiters) if (waiter.caller.place.poolId === poolId) found.push(waiter);
    return found;
  }

  /** The calls in line that ask for a line of just this place, in order. */
  at(place: Place): readonly Waiter[] {
    const found: Waiter[] = [];
    for (const waiters of this.#calls.values())
      for (const waiter of waiters) if (isSamePlace(waiter.caller.place, place)) found.push(waiter);
    return found;
  }

  /** Pools with somebody in line. */
  pools(): ReadonlySet<PoolId> {
    const pools = new Set<PoolId>();
    for (const waiters of this.#calls.values()) for (const { caller } of waiters) pools.add(caller.place.poolId);
    return pools;
  }

  /** How many stand in line with the place: all, of its tenant, and how many tenants. */
  counted(place: Place): Omit<Standing, 'position'> {
    return this.#counts.of(place);
  }

  /** Where the call stands. */
  standing(sessionId: SessionId, place: Place): Standing {
    const counts = this.#counts.of(place);
    const position = this.#positionsIn(place.poolId).get(sessionId);
    return { ...counts, position: position ?? counts.ofTenant + 1 };
  }

  // In one look at the line for all that ask before it changes: a step tells everybody in it.
  #positionsIn(poolId: PoolId): ReadonlyMap<SessionId, number> {
    this.#positions ??= new Map();
    const known = this.#positions.get(poolId);
    if (known) return known;
    const positions = new Map<SessionId, number>();
    const ofTenant = new Map<TenantId, number>();
    for (const { caller } of this.ofPool(poolId)) {
      const { tenantId } = caller.place;
      const position = (ofTenant.get(tenantId) ?? 0) + 1;
      ofTenant.set(tenantId, position);
      positions.set(caller.sessionId, position);
    }
    this.#positions.set(poolId, positions);
    return positions;
  }

  // A call that is in line keeps its place.
  #put(sessionId: SessionId, waiters: readonly Waiter[]): void {
    const was = this.get(sessionId);
    this.#calls.set(sessionId, waiters);
    if (areInSamePools(was, waiters)) return;
    this.#count(was, -1);
    this.#count(waiters, 1);
  }

  #take(sessionId: SessionId): void {
    const was = this.get(sessionId);
    this.#calls.delete(sessionId);
    if (was.length > 0) this.#count(was, -1);
  }

  #count(waiters: readonly Waiter[], by: 1 | -1): void {
    this.#positions = null;
    for (const { caller } of waiters) this.#counts.add(caller.place, by);
  }
}

function areInSamePools(some: readonly Waiter[], others: readonly Waiter[]): boolean {
  return (
    some.length === others.length &&
    some.every(({ caller }, i) => caller.place.poolId === others[i]?.caller.place.poolId)
  );
}
