// Leases inside one process: what the standalone runs on. Same semantics as the Redis adapter, including expiry, so that
// the one can be developed against the other. It forgets with its process, whose sessions end with it: there is never a
// flush to recover from, and it is never away.
import type { Clock } from '@trunkline/kernel';
import {
  LeaseStoreUnavailable,
  type AcquireOutcome,
  type AcquireRequest,
  type Denial,
  type HeldLine,
  type Lease,
  type LeaseState,
  type LeaseStore,
  type LeaseTerms,
  type Limit,
  type Limits,
  type LineQuery,
} from '../../index.js';
import { LineIndex } from './line-index.js';

/** One counted line. */
export interface Line {
  readonly lease: Lease;
  readonly sinceMs: number;
  state: LeaseState;
  expiresAtMs: number;
}

/** The in-process store. Lapsed lines are dropped when a limit looks full and at every renewal. */
export class MemoryLeaseStore implements LeaseStore {
  readonly #lines = new LineIndex<Line>((line) => line.lease.limits);
  #fence = 0;
  /** No line lapses before this: until then there is nothing to drop. */
  #lapsesFromMs = Infinity;

  constructor(
    private readonly clock: Clock,
    private readonly terms: LeaseTerms,
    /** Bound on lines held at once, for pools without a cap. */
    private readonly linesMax = 50_000,
  ) {}

  async acquire(request: AcquireRequest): Promise<AcquireOutcome> {
    const own = this.#living(request.sessionId);
    if (own) assertSamePlace(own.lease.limits, request.limits);
    else {
      const denial = this.#denial(request.limits);
      if (denial) return { kind: 'denied', denial };
      if (this.#lines.size >= this.linesMax) throw new LeaseStoreUnavailable('overloaded');
    }
    const { sessionId, replicaId, token, limits } = request;
    const lease: Lease = { sessionId, replicaId, token, limits, fence: ++this.#fence };
    this.#put(lease, 'pending', this.terms.pendingMs);
    return { kind: 'admitted', lease };
  }

  async confirm(lease: Lease): Promise<'confirmed' | 'lost'> {
    const line = this.#heldBy(lease);
    if (!line) return 'lost';
    line.state = 'confirmed';
    line.expiresAtMs = this.clock.monotonicMs() + this.terms.confirmedMs;
    return 'confirmed';
  }

  async renew(leases: readonly Lease[]): Promise<readonly Lease[]> {
    this.#prune();
    const expiresAtMs = this.clock.monotonicMs() + this.terms.confirmedMs;
    return leases.filter((lease) => {
      const line = this.#heldBy(lease);
      if (line?.state === 'confirmed') line.expiresAtMs = expiresAtMs;
      return line === null;
    });
  }

  async reregister(leases: readonly Lease[]): Promise<readonly Lease[]> {
    return leases.filter((lease) => {
      const own = this.#living(lease.sessionId);
      const refused = own ? own.lease.token !== lease.token : this.#denial(lease.limits) !== null;
      if (!refused) this.#put(lease, 'confirmed', this.terms.confirmedMs);
      return refused;
    });
  }

  async release(lease: Lease): Promise<'released' | 'gone'> {
    if (!this.#heldBy(lease)) return 'gone';
    this.#lines.remove(lease.sessionId);
    return 'released';
  }

  async list({ scope, id, linesMax }: LineQuery): Promise<readonly HeldLine[]> {
    this.#prune();
    const nowMs = this.clock.monotonicMs();
    return [...this.#lines.countedBy({ scope, id })]
      .sort((a, b) => a.expiresAtMs - b.expiresAtMs)
      .slice(0, linesMax)
      .map((line) => toHeldLine(line, nowMs));
  }

  #put(lease: Lease, state: LeaseState, ttlMs: number): void {
    const sinceMs = this.#living(lease.sessionId)?.sinceMs ?? this.clock.nowMs();
    const expiresAtMs = this.clock.monotonicMs() + ttlMs;
    this.#lines.put(lease.sessionId, { lease, sinceMs, state, expiresAtMs });
    this.#lapsesFromMs = Math.min(this.#lapsesFromMs, expiresAtMs);
  }

  #heldBy(lease: Lease): Line | null {
    const line = this.#living(lease.sessionId);
    return line?.lease.token === lease.token ? line : null;
  }

  #living(sessionId: string): Line | null {
    const line = this.#lines.get(sessionId);
    return line && line.expiresAtMs > this.clock.monotonicMs() ? line : null;
  }

  #denial(limits: Limits): Denial | null {
    const isFull = (limit: Limit): boolean =>
      limit.sessionsMax !== null && this.#lines.countedBy(limit).size >= limit.sessionsMax;
    if (!limits.some(isFull)) return null;
    this.#prune();
    const refusing = limits.find(isFull);
    if (!refusing || refusing.sessionsMax === null) return null;
    const counted = this.#lines.countedBy(refusing);
    let firstMs = Infinity;
    for (const line of counted) firstMs = Math.min(firstMs, line.expiresAtMs);
    const retryAfterMs = counted.size > 0 ? firstMs - this.clock.monotonicMs() : 0;
    return { scope: refusing.scope, current: counted.size, max: refusing.sessionsMax, retryAfterMs };
  }

  #prune(): void {
    const nowMs = this.clock.monotonicMs();
    if (nowMs < this.#lapsesFromMs) return;
    this.#lapsesFromMs = Infinity;
    for (const [sessionId, line] of this.#lines) {
      if (line.expiresAtMs <= nowMs) this.#lines.remove(sessionId);
      else this.#lapsesFromMs = Math.min(this.#lapsesFromMs, line.expiresAtMs);
    }
  }
}

function toHeldLine({ lease, sinceMs, state, expiresAtMs }: Line, nowMs: number): HeldLine {
  const [key, tenant, pool] = lease.limits;
  const { sessionId, replicaId } = lease;
  const expiresInMs = expiresAtMs - nowMs;
  return { sessionId, replicaId, keyId: key.id, tenantId: tenant.id, poolId: pool.id, state, sinceMs, expiresInMs };
}

function assertSamePlace(held: Limits, asked: Limits): void {
  if (held.some((limit, i) => limit.id !== asked[i]?.id))
    throw new Error('a session holds one line: release it before asking for one of another key, tenant or pool');
}
