// The calls that stand in line. Guarantees first in, first out within a tenant and pool, and that a call whose replica
// fell silent leaves. A call that several pools may carry stands in the line of each, at the place of when it came, and
// leaves all of them at once. Which tenant is next is not decided here. Bounded by the pools' plans. Deterministic.
import type { PoolId, SessionId } from '@trunkline/kernel';
import type { Caller } from './lease.js';
import { isSamePlace, type Place } from './limits.js';

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
    this.#calls.delete(sessionId);
    this.#calls.set(sessionId, waiters);
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
    if (waiters.length > 0) this.#calls.set(sessionId, waiters);
    else this.#calls.delete(sessionId);
  }

  remove(sessionId: SessionId): void {
    this.#calls.delete(sessionId);
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
      if (waiters.every(({ seenMs }) => nowMs - seenMs >= silentMs)) this.#calls.delete(sessionId);
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

  /** Where the call stands. */
  standing(sessionId: SessionId, { poolId, tenantId }: Place): Standing {
    const inPool = this.ofPool(poolId);
    const own = inPool.filter(({ caller }) => caller.place.tenantId === tenantId);
    const index = own.findIndex(({ caller }) => caller.sessionId === sessionId);
    return {
      inPool: inPool.length,
      ofTenant: own.length,
      tenants: new Set(inPool.map(({ caller }) => caller.place.tenantId)).size,
      position: index < 0 ? own.length + 1 : index + 1,
    };
  }
}
