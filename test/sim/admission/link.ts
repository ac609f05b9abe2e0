// A replica's way to the store: the port of admission over a network that delays, loses, cuts off and, now and then, holds
// a request back until long after its caller gave up. Answers within the deadline or rejects, as the Redis adapter does.
import {
  LeaseStoreUnavailable,
  type AcquireOutcome,
  type AcquireRequest,
  type AttendOutcome,
  type Caller,
  type HeldLine,
  type Lease,
  type LeaseStore,
  type OnGranted,
  type LinePage,
  type Seeker,
  type PoolView,
  type TokenUse,
} from '@trunkline/admission';
import type { PoolId, ReplicaId } from '@trunkline/kernel';
import type { Chance } from './chance.js';
import type { Process } from './process.js';
import type { Step } from './step.js';
import type { StoreServer } from './store-server.js';
import type { Timeline } from './timeline.js';

/** The network between replicas and store, as it is now. */
export class Network {
  readonly #cutUntilMs = new Map<ReplicaId, number>();
  /** Part of all messages that are lost. */
  lost = 0;
  /** Part of all requests that arrive long after their deadline. */
  late = 0;
  delayMsMax = 5;

  constructor(private readonly timeline: Timeline) {}

  cut(replicaId: ReplicaId, forMs: number): void {
    this.#cutUntilMs.set(replicaId, this.timeline.nowMs + forMs);
  }

  isCut(replicaId: ReplicaId): boolean {
    return this.timeline.nowMs < (this.#cutUntilMs.get(replicaId) ?? 0);
  }
}

/** What a link is made of. */
export interface LinkParts {
  readonly replicaId: ReplicaId;
  readonly process: Process;
  readonly server: StoreServer;
  readonly network: Network;
  readonly timeline: Timeline;
  readonly chance: Chance;
  readonly deadlineMs: number;
}

/** The store as one replica sees it. */
export class Link implements LeaseStore {
  readonly #listeners = new Set<OnGranted>();
  #lastArrivalMs = 0;

  constructor(private readonly parts: LinkParts) {}

  async acquire(request: AcquireRequest): Promise<AcquireOutcome> {
    try {
      return await this.#ask({
        kind: 'acquire',
        callers: [request],
        apply: (board, nowMs) => board.acquire(request, nowMs),
      });
    } catch (error) {
      // As the Redis adapter does: it may still be carried out, and these follow it.
      this.leave(request).catch(() => undefined);
      this.#release(request, 0).catch(() => undefined);
      throw error;
    }
  }

  attend(callers: readonly Seeker[]): Promise<readonly AttendOutcome[]> {
    return this.#ask({ kind: 'attend', callers, apply: (board, nowMs) => board.attend(callers, nowMs) });
  }

  leave(caller: Caller): Promise<AttendOutcome> {
    return this.#ask({ kind: 'leave', callers: [caller], apply: (board, nowMs) => board.leave(caller, nowMs) });
  }

  confirm(lease: Lease): Promise<'confirmed' | 'lost'> {
    return this.#ask({ kind: 'confirm', callers: [lease], apply: (board, nowMs) => board.confirm(lease, nowMs) });
  }

  renew(leases: readonly Lease[]): Promise<readonly Lease[]> {
    return this.#ask({ kind: 'renew', callers: leases, apply: (board, nowMs) => board.renew(leases, nowMs) });
  }

  reregister(leases: readonly Lease[]): Promise<readonly Lease[]> {
    return this.#ask({ kind: 'reregister', callers: leases, apply: (board, nowMs) => board.reregister(leases, nowMs) });
  }

  release(lease: Lease, keepMs = 0): Promise<'released' | 'gone'> {
    return this.#release(lease, keepMs);
  }

  #release(lease: Caller, keepMs: number): Promise<'released' | 'gone'> {
    const callers = [lease];
    return this.#ask({
      kind: 'release',
      callers,
      keepMs,
      apply: (board, nowMs) => board.release(lease, keepMs, nowMs),
    });
  }

  ending(lease: Lease): Promise<void> {
    return this.#ask({ kind: 'ending', callers: [lease], apply: (board, nowMs) => board.ending(lease, nowMs) });
  }

  pause(poolId: PoolId, forMs: number, family: string | null = null): Promise<void> {
    return this.#ask({
      kind: 'pause',
      callers: [],
      pause: { poolId, forMs, family },
      apply: (board, nowMs) => board.pause(poolId, forMs, nowMs, family),
    });
  }

  used(use: TokenUse): Promise<void> {
    return this.#ask({ kind: 'used', callers: [], use, apply: (board, nowMs) => board.used(use, nowMs) });
  }

  mayReclaim(lease: Lease): Promise<boolean> {
    return this.#ask({ kind: 'reclaim', callers: [lease], apply: (board, nowMs) => board.mayReclaim(lease, nowMs) });
  }

  async list(): Promise<readonly HeldLine[]> {
    throw new Error('operators do not look into this world');
  }

  async view(): Promise<PoolView> {
    throw new Error('operators do not look into this world');
  }

  async page(): Promise<LinePage> {
    throw new Error('operators do not look into this world');
  }

  onGranted(_replicaId: ReplicaId, listener: OnGranted): () => void {
    this.#listeners.add(listener);
    return () => void this.#listeners.delete(listener);
  }

  /** The store's word that a waiting call of this replica was given a line; it may be lost on the way. */
  tell(sessionId: Parameters<OnGranted>[0]): void {
    if (this.#losesMessage()) return;
    this.parts.process.reach(this.#delayMs(), () => {
      for (const listener of this.#listeners) listener(sessionId);
    });
  }

  #ask<T>(step: Step<T>): Promise<T> {
    const { process, timeline, server, deadlineMs } = this.parts;
    return new Promise((resolve, reject) => {
      const deadline = process.after(deadlineMs, () => reject(new LeaseStoreUnavailable('timeout')));
      if (this.#losesMessage()) return;
      const deliver = (): void => {
        if (this.parts.network.isCut(this.parts.replicaId)) return;
        server.receive(step, (outcome) => {
          if (this.#losesMessage()) return;
          process.reach(this.#delayMs(), () => {
            deadline.cancelled = true;
            resolve(outcome);
          });
        });
      };
      timeline.at(this.#arrivesMs(), deliver, false);
    });
  }

  // In order, as one connection does it, but for a straggler from a connection that was given up.
  #arrivesMs(): number {
    const { timeline, chance, network, deadlineMs } = this.parts;
    if (chance.happens(network.late)) return timeline.nowMs + deadlineMs * (1 + 20 * chance.next());
    this.#lastArrivalMs = Math.max(this.#lastArrivalMs, timeline.nowMs + this.#delayMs());
    return this.#lastArrivalMs;
  }

  #losesMessage(): boolean {
    const { network, replicaId, chance } = this.parts;
    return network.isCut(replicaId) || chance.happens(network.lost);
  }

  #delayMs(): number {
    return this.parts.chance.next() * this.parts.network.delayMsMax;
  }
}
