// Keeps this process's leases alive: one renewal for all of them per interval, and a word to each holder whose line is
// gone. Guarantees that no holder believes in a lease that the store may have given away without having been told:
// a lease is uncertain `fenceMarginMs` before it lapses. Leaves ending a session to the callback it was given.
import type { Clock, SessionId } from '@trunkline/kernel';
import {
  goneBeforeMs,
  LOOK_EVERY_MS,
  RENEW_AGAIN_MS,
  RENEWAL_JITTER,
  settleMsMax,
  type Lease,
  type LeaseTerms,
} from './lease.js';
import type { LeaseStore } from './lease-store.js';

/** `taken`: the store says that the line is gone. `unreachable`: ended by policy before it could lapse. */
export type LostReason = 'taken' | 'unreachable';

/** How a line was lost. */
export interface Loss {
  readonly reason: LostReason;
  /**
   * Milliseconds from now by which nothing of the session may be open upstream: before the lease can lapse. A line that
   * is taken is one too many already; its session gets what an unreachable one does, for what it used must be known.
   */
  readonly goneWithinMs: number;
}

/** Told once, when the line is gone: end the session with `lease_lost`. Must not throw. */
export type OnLost = (lease: Lease, loss: Loss) => void;

/** What the keeper reports, for logs and metrics. */
export type LeaseKeeperEvent =
  | { readonly kind: 'renewed'; readonly held: number; readonly reregistered: number; readonly lost: number }
  /** `silentMs`: since the last renewal that worked. */
  | { readonly kind: 'renewal_failed'; readonly error: unknown; readonly silentMs: number }
  /** So many leases may lapse before the store is reached again. Once per outage. */
  | { readonly kind: 'fenced'; readonly leases: number }
  | { readonly kind: 'callback_failed'; readonly error: unknown };

/** What a keeper works with. */
export interface LeaseKeeperParts {
  readonly store: LeaseStore;
  readonly terms: LeaseTerms;
  readonly clock: Clock;
  /** Uniform in [0, 1). */
  readonly random: () => number;
  /** Resolves after the time, or early when aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  readonly observe: (event: LeaseKeeperEvent) => void;
  /**
   * What happens to live sessions whose leases could not be renewed in time. `keep` (the design's default: a call does
   * not notice that the store is away) or `end` (the cap is never exceeded, not even by a replica that is cut off).
   */
  readonly whenUnreachable: 'keep' | 'end';
  /** Bound on leases held at once; above what the process can relay. */
  readonly heldMax: number;
}

interface Held {
  readonly lease: Lease;
  readonly onLost: OnLost;
  /** By our clock, taken before the request went out: the store's expiry is never earlier than this plus its time. */
  renewedAtMs: number;
  uncertain: boolean;
}

// What the Redis store does in one script, and in as many as it sends at once.
const RENEW_BATCH = 200;
const REREGISTER_BATCH = 50;

/** The holder of this process's confirmed leases. Call `run` once. */
export class LeaseKeeper {
  readonly #held = new Map<SessionId, Held>();
  readonly #parts: LeaseKeeperParts;
  #renewing: Promise<void> | null = null;
  #nextRenewalMs: number;
  #renewedAtMs: number;

  constructor(parts: LeaseKeeperParts) {
    this.#parts = parts;
    this.#renewedAtMs = parts.clock.monotonicMs();
    this.#nextRenewalMs = this.#renewedAtMs;
  }

  /** Leases held now. */
  get size(): number {
    return this.#held.size;
  }

  /**
   * Confirms a pending lease and keeps it from then on. `lost`: it lapsed during the dial; nothing is kept.
   * @throws LeaseStoreUnavailable when the store is away (the pending lease lapses by itself); RangeError over `heldMax`.
   */
  async confirm(lease: Lease, onLost: OnLost): Promise<'confirmed' | 'lost'> {
    const { clock, store, heldMax } = this.#parts;
    if (this.#held.size >= heldMax) throw new RangeError(`this process may hold ${heldMax} leases and holds them all`);
    const askedMs = clock.monotonicMs();
    const outcome = await store.confirm(lease);
    const renewedAtMs = store.answeredAtMs?.(lease) ?? askedMs;
    if (outcome === 'confirmed') this.#held.set(lease.sessionId, { lease, onLost, renewedAtMs, uncertain: false });
    return outcome;
  }

  /** Says that the lease's session has ended and its line comes free in a moment. It is kept until it is released. */
  async ending(lease: Lease): Promise<void> {
    await this.#parts.store.ending(lease);
  }

  /**
   * Stops keeping the lease and gives its line back; also for leases that were never confirmed. With `keepMs` the line
   * waits so long for the same key to reconnect. When the store is away
   * the line lapses by itself, so a caller may ignore `LeaseStoreUnavailable`.
   */
  async release(lease: Lease, keepMs = 0): Promise<'released' | 'gone'> {
    if (this.#held.get(lease.sessionId)?.lease === lease) this.#held.delete(lease.sessionId);
    return this.#parts.store.release(lease, keepMs);
  }

  /** Renews until aborted, then waits for the renewal under way. Leases still held are left to their holders. */
  async run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.tick();
      await this.#parts.wait(LOOK_EVERY_MS, signal);
    }
    await this.idle();
  }

  /** One step: starts a renewal when one is due, and fences when one is overdue. `run` calls it. */
  tick(): void {
    const nowMs = this.#parts.clock.monotonicMs();
    if (this.#renewing === null && nowMs >= this.#nextRenewalMs)
      this.#renewing = this.#renew(nowMs).finally(() => (this.#renewing = null));
    this.#fence(nowMs);
  }

  /** Resolves when no renewal is under way. */
  async idle(): Promise<void> {
    await this.#renewing;
  }

  // Batch by batch, those first that were renewed longest ago: when one fails, those before it are renewed all the same, and
  // it is the first of the next try.
  async #renew(startedMs: number): Promise<void> {
    const { terms, random, clock, observe } = this.#parts;
    const all = [...this.#held.values()].sort((a, b) => a.renewedAtMs - b.renewedAtMs);
    const done = { held: 0, reregistered: 0, lost: 0 };
    try {
      // With none it says that this process lives.
      for (const batch of all.length > 0 ? batchesOf(all, RENEW_BATCH) : [[]]) {
        const { reregistered, lost } = await this.#renewBatch(batch, startedMs);
        done.held += batch.length;
        done.reregistered += reregistered;
        done.lost += lost;
      }
      this.#renewedAtMs = startedMs;
      this.#nextRenewalMs = startedMs + terms.renewEveryMs * (1 + RENEWAL_JITTER * (2 * random() - 1));
      observe({ kind: 'renewed', ...done });
    } catch (error) {
      if (done.held > 0) observe({ kind: 'renewed', ...done });
      this.#nextRenewalMs = clock.monotonicMs() + RENEW_AGAIN_MS;
      observe({ kind: 'renewal_failed', error, silentMs: clock.monotonicMs() - this.#renewedAtMs });
    }
  }

  async #renewBatch(batch: readonly Held[], startedMs: number): Promise<{ reregistered: number; lost: number }> {
    const { store, terms } = this.#parts;
    const absent = new Set(await store.renew(batch.map((held) => held.lease)));
    for (const held of batch) if (!absent.has(held.lease)) this.#settle(held, startedMs);
    const done = { reregistered: 0, lost: 0 };
    for (const some of batchesOf(
      batch.filter(({ lease }) => absent.has(lease)),
      REREGISTER_BATCH,
    )) {
      // Only what is still held: a session that ended meanwhile must not get its line back.
      const living = some.filter(({ lease }) => this.#held.get(lease.sessionId)?.lease === lease);
      const gone = new Set(living.length > 0 ? await store.reregister(living.map(({ lease }) => lease)) : []);
      for (const held of living) if (!gone.has(held.lease)) this.#settle(held, startedMs);
      for (const lease of gone) this.#lose(lease, { reason: 'taken', goneWithinMs: settleMsMax(terms) });
      done.reregistered += living.length - gone.size;
      done.lost += gone.size;
    }
    return done;
  }

  #settle(held: Held, renewedAtMs: number): void {
    held.renewedAtMs = Math.max(held.renewedAtMs, renewedAtMs);
    held.uncertain = false;
  }

  #fence(nowMs: number): void {
    const { terms, whenUnreachable, observe } = this.#parts;
    const all = [...this.#held.values()];
    const overdue = all.filter(
      (held) => !held.uncertain && nowMs - held.renewedAtMs >= terms.confirmedMs - terms.fenceMarginMs,
    );
    if (overdue.length === 0) return;
    if (!all.some((held) => held.uncertain)) observe({ kind: 'fenced', leases: overdue.length });
    for (const held of overdue) {
      held.uncertain = true;
      if (whenUnreachable === 'keep') continue;
      const goneAtMs = held.renewedAtMs + terms.confirmedMs - goneBeforeMs(terms);
      this.#lose(held.lease, { reason: 'unreachable', goneWithinMs: Math.max(0, goneAtMs - nowMs) });
    }
  }

  #lose(lease: Lease, loss: Loss): void {
    const held = this.#held.get(lease.sessionId);
    if (held?.lease !== lease) return;
    this.#held.delete(lease.sessionId);
    try {
      held.onLost(lease, loss);
    } catch (error) {
      this.#parts.observe({ kind: 'callback_failed', error });
    }
  }
}

function batchesOf<Item>(items: readonly Item[], size: number): readonly (readonly Item[])[] {
  return Array.from({ length: Math.ceil(items.length / size) }, (_, i) => items.slice(i * size, (i + 1) * size));
}
