// Leases inside one process: the switchboard with a clock. What the standalone runs on. It forgets with its process, whose
// sessions end with it: there is never a flush to recover from, and it is never away.
import type { Clock, PoolId, ReplicaId } from '@trunkline/kernel';
import {
  LeaseStoreUnavailable,
  poolLines,
  Switchboard,
  type AcquireOutcome,
  type AcquireRequest,
  type AttendOutcome,
  type Caller,
  type HeldLine,
  type Lease,
  type LeaseStore,
  type LeaseTerms,
  type Line,
  type LinePage,
  type LineQuery,
  type OnGranted,
  type PageQuery,
  type PoolView,
  type Seeker,
  type TokenUse,
} from '../../index.js';

/** The in-process store. */
export class MemoryLeaseStore implements LeaseStore {
  readonly #board: Switchboard;
  readonly #listeners = new Map<ReplicaId, Set<OnGranted>>();
  /** Unix time of the monotonic zero, taken once: the machine lives on one clock that nobody sets. */
  readonly #originMs: number;

  constructor(
    private readonly clock: Clock,
    terms: LeaseTerms,
    /** Bound on lines held at once, for pools without a cap. */
    private readonly linesMax = 50_000,
  ) {
    this.#originMs = clock.nowMs() - clock.monotonicMs();
    // Its sessions are all in this process: silence says nothing.
    this.#board = new Switchboard({ ...terms, silenceMaxMs: Infinity });
    this.#board.open(true, this.#nowMs());
  }

  async acquire(request: AcquireRequest): Promise<AcquireOutcome> {
    if (this.#board.lines.size >= this.linesMax) throw new LeaseStoreUnavailable('overloaded');
    return this.#step((nowMs) => this.#board.acquire(request, nowMs), request);
  }

  async attend(callers: readonly Seeker[]): Promise<readonly AttendOutcome[]> {
    return this.#step((nowMs) => this.#board.attend(callers, nowMs));
  }

  async leave(caller: Caller): Promise<AttendOutcome> {
    return this.#step((nowMs) => this.#board.leave(caller, nowMs));
  }

  async confirm(lease: Lease): Promise<'confirmed' | 'lost'> {
    return this.#step((nowMs) => this.#board.confirm(lease, nowMs));
  }

  async renew(leases: readonly Lease[]): Promise<readonly Lease[]> {
    return this.#step((nowMs) => this.#board.renew(leases, nowMs));
  }

  async reregister(leases: readonly Lease[]): Promise<readonly Lease[]> {
    return this.#step((nowMs) => this.#board.reregister(leases, nowMs));
  }

  async release(lease: Caller, keepMs = 0): Promise<'released' | 'gone'> {
    return this.#step((nowMs) => this.#board.release(lease, keepMs, nowMs));
  }

  async ending(lease: Caller): Promise<void> {
    this.#step((nowMs) => this.#board.ending(lease, nowMs));
  }

  async pause(poolId: PoolId, forMs: number, family: string | null = null): Promise<void> {
    this.#step((nowMs) => this.#board.pause(poolId, Math.ceil(forMs), nowMs, family));
  }

  async used(use: TokenUse): Promise<void> {
    this.#step((nowMs) => this.#board.used(use, nowMs));
  }

  async mayReclaim(lease: Lease): Promise<boolean> {
    return this.#step((nowMs) => this.#board.mayReclaim(lease, nowMs));
  }

  async list({ scope, id, linesMax }: LineQuery): Promise<readonly HeldLine[]> {
    const nowMs = this.#nowMs();
    const field = { key: 'keyId', tenant: 'tenantId', pool: 'poolId' } as const;
    return [...this.#board.lines.all()]
      .filter(({ lease, expiresAtMs }) => lease.place[field[scope]] === id && expiresAtMs > nowMs)
      .sort((a, b) => a.expiresAtMs - b.expiresAtMs)
      .slice(0, linesMax)
      .map((line) => heldLine(line, nowMs));
  }

  async view(poolId: PoolId): Promise<PoolView> {
    const waiting = this.#board.queue.ofPool(poolId).map(({ caller, sinceMs }) => {
      const { sessionId, replicaId, place } = caller;
      return { sessionId, replicaId, ...place, sinceMs };
    });
    const held = poolLines(this.#ofPool(poolId).map(({ lease, state }) => ({ ...lease.place, state })));
    const nowMs = this.#nowMs();
    const pausedForMs = this.#board.pausedForMs(poolId, nowMs);
    const pausedFamilies = this.#board.pausedFamilies(poolId, nowMs);
    return { held, waiting, pausedForMs, pausedFamilies, recoveringMs: this.#board.recoveringMs(nowMs) };
  }

  async page({ poolId, linesMax, after }: PageQuery): Promise<LinePage> {
    const nowMs = this.#nowMs();
    const rest = this.#ofPool(poolId)
      .filter(({ lease }) => after === null || lease.sessionId > after)
      .sort((a, b) => (a.lease.sessionId < b.lease.sessionId ? -1 : 1));
    const lines = rest.slice(0, linesMax).map((line) => heldLine(line, nowMs));
    return { lines, next: rest.length > linesMax ? (lines.at(-1)?.sessionId ?? null) : null };
  }

  onGranted(replicaId: ReplicaId, listener: OnGranted): () => void {
    const listeners = this.#listeners.get(replicaId) ?? new Set();
    this.#listeners.set(replicaId, listeners.add(listener));
    return () => void listeners.delete(listener);
  }

  #ofPool(poolId: PoolId): Line[] {
    const nowMs = this.#nowMs();
    return [...this.#board.lines.all()].filter(
      ({ lease, expiresAtMs }) => lease.place.poolId === poolId && expiresAtMs > nowMs,
    );
  }

  // Whoever was given a line hears of it, except the one whose own step this is: the answer tells it.
  #step<T>(work: (nowMs: number) => T, arrival?: Caller): T {
    const outcome = work(this.#nowMs());
    for (const { sessionId, replicaId, token } of this.#board.takeGranted())
      if (token !== arrival?.token) for (const listener of this.#listeners.get(replicaId) ?? []) listener(sessionId);
    return outcome;
  }

  #nowMs(): number {
    return Math.floor(this.#originMs + this.clock.monotonicMs());
  }
}

function heldLine({ lease, state, sinceMs, expiresAtMs }: Line, nowMs: number): HeldLine {
  const { sessionId, replicaId, place } = lease;
  return { sessionId, replicaId, ...place, state, sinceMs, expiresInMs: expiresAtMs - nowMs };
}
