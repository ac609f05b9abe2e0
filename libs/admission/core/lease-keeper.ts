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

/** What became of leases that were to be renewed. */
type Renewed = Omit<Extract<LeaseKeeperEvent, { kind: 'renewed' }>, 'kind'>;

// What the Redis store does in one script.
const RENEW_BATCH = 200;
// What the Redis store sends at once for one batch, and what all batches may have under way together: each is a script of its
// own, and the store bounds what waits for an answer.
const REREGISTER_BATCH = 50;
const REREGISTER_AT_ONCE = 500;

/** The holder of this process's confirmed leases. Call `run` once. */
export class LeaseKeeper {
  readonly #held = new Map<SessionId, Held>();
  /** Given back by their holders, not lost: nothing of their sessions is open upstream. */
  readonly #released = new WeakSet<Lease>();
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
    if (this.#isHeld(lease)) this.#held.delete(lease.sessionId);
    this.#released.add(lease);
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

  // All batches at once, each settled by itself: one that fails neither ends nor delays another.
  async #renew(startedMs: number): Promise<void> {
    const { terms, random, clock, observe } = this.#parts;
    const all = [...this.#held.values()].sort((a, b) => a.renewedAtMs - b.renewedAtMs);
    // With none it says that this process lives.
    const batches = all.length > 0 ? batchesOf(all, RENEW_BATCH) : [[]];
    const share = Math.max(1, Math.floor(REREGISTER_AT_ONCE / batches.length));
    const putBackMax = Math.min(REREGISTER_BATCH, share);
    const outcomes = await Promise.allSettled(batches.map((batch) => this.#renewBatch(batch, startedMs, putBackMax)));
    const done = { held: 0, reregistered: 0, lost: 0 };
    for (const outcome of outcomes) {
      if (outcome.status === 'rejected') continue;
      done.held += outcome.value.held;
      done.reregistered += outcome.value.reregistered;
      done.lost += outcome.value.lost;
    }
    const failed = outcomes.find((outcome) => outcome.status === 'rejected');
    if (failed === undefined) {
      this.#renewedAtMs = startedMs;
      this.#nextRenewalMs = startedMs + terms.renewEveryMs * (1 + RENEWAL_JITTER * (2 * random() - 1));
      observe({ kind: 'renewed', ...done });
      return;
    }
    if (done.held > 0) observe({ kind: 'renewed', ...done });
    this.#nextRenewalMs = clock.monotonicMs() + RENEW_AGAIN_MS;
    observe({ kind: 'renewal_failed', error: failed.reason, silentMs: clock.monotonicMs() - this.#renewedAtMs });
  }

  async #renewBatch(batch: readonly Held[], startedMs: number, putBackMax: number): Promise<Renewed> {
    const absent = new Set(await this.#parts.store.renew(batch.map((held) => held.lease)));
    for (const held of batch) if (!absent.has(held.lease)) this.#settle(held, startedMs);
    const done = { held: batch.length, reregistered: 0, lost: 0 };
    const missing = batch.filter(({ lease }) => absent.has(lease));
    for (const some of batchesOf(missing, putBackMax)) {
      // Only what is still held: a session that ended meanwhile must not get its line back.
      const living = some.filter(({ lease }) => this.#isHeld(lease));
      if (living.length === 0) continue;
      const lost = await this.#putBack(living, startedMs);
      done.reregistered += living.length - lost;
      done.lost += lost;
    }
    return done;
  }

  // @returns how many of them are lost.
  async #putBack(living: readonly Held[], startedMs: number): Promise<number> {
    const { store, terms } = this.#parts;
    const gone = new Set(await store.reregister(living.map(({ lease }) => lease)));
    for (const held of living) if (!gone.has(held.lease)) this.#settle(held, startedMs);
    for (const lease of gone) this.#lose(lease, { reason: 'taken', goneWithinMs: settleMsMax(terms) });
    // Who gave its line back while it was put back may have done so before it was there: nobody else would.
    const ended = living.filter(({ lease }) => this.#released.has(lease) && !gone.has(lease));
    // Where the store is away these lapse by themselves.
    await Promise.allSettled(ended.map(({ lease }) => store.release(lease, 0)));
    return gone.size;
  }

  #isHeld(lease: Lease): boolean {
    return this.#held.get(lease.sessionId)?.lease === lease;
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
