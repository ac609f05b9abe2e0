// The calls that stand in line. Guarantees first in, first out within a tenant and pool, and that a call whose replica
// fell silent leaves. Which tenant is next is not decided here. Bounded by the pools' plans. Deterministic.
import type { PoolId, SessionId } from '@trunkline/kernel';
import type { Caller } from './lease.js';
import { isSamePlace, type Place } from './limits.js';

/** A call in line. */
export interface Waiter {
  /** With its own limits as its replica last knew them. */
  caller: Caller;
  /** Rises with every call that began to wait. */
  readonly sequence: number;
  /** Unix milliseconds. */
  readonly sinceMs: number;
  /** When its replica last attended to it. */
  seenMs: number;
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
  readonly #waiters = new Map<SessionId, Waiter>();
  #sequence = 0;

  /** Calls in line. */
  get size(): number {
    return this.#waiters.size;
  }

  /** The session's place in line. */
  get(sessionId: SessionId): Waiter | null {
    return this.#waiters.get(sessionId) ?? null;
  }

  /** Puts a call at the end. */
  add(caller: Caller, nowMs: number): Waiter {
    this.remove(caller.sessionId);
    const waiter = { caller, sequence: ++this.#sequence, sinceMs: nowMs, seenMs: nowMs };
    this.#waiters.set(caller.sessionId, waiter);
    return waiter;
  }

  /** Its replica attends to it, under what its limits are by now; it keeps its place. */
  seen(waiter: Waiter, { own, plan }: Caller, nowMs: number): void {
    waiter.caller = { ...waiter.caller, own, plan };
    waiter.seenMs = nowMs;
  }

  remove(sessionId: SessionId): void {
    this.#waiters.delete(sessionId);
  }

  /** Takes out calls that nobody attended to for `silentMs`. */
  removeSilent(nowMs: number, silentMs: number): void {
    for (const [sessionId, { seenMs }] of this.#waiters)
      if (nowMs - seenMs >= silentMs) this.#waiters.delete(sessionId);
  }

  /** Everybody in line for the pool, in order. */
  ofPool(poolId: PoolId): readonly Waiter[] {
    return [...this.#waiters.values()].filter(({ caller }) => caller.place.poolId === poolId);
  }

  /** The first call in line that asks for a line of just this place. */
  firstAt(place: Place): Waiter | null {
    for (const waiter of this.#waiters.values()) if (isSamePlace(waiter.caller.place, place)) return waiter;
    return null;
  }

  /** Pools with somebody in line. */
  pools(): ReadonlySet<PoolId> {
    return new Set([...this.#waiters.values()].map(({ caller }) => caller.place.poolId));
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
