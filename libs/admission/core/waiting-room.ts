// The calls of this process that wait for a line: told at once when they are given one, kept in line by one question for
// all of them twice a second, out of line the moment their client is gone or their time is up. A waiting call holds no
// line and no upstream connection. Leaves who is next to the store.
import type { Clock, ReplicaId, SessionId } from '@trunkline/kernel';
import {
  LeaseStoreUnavailable,
  type AcquireRequest,
  type AttendOutcome,
  type Denial,
  type LeaseStore,
  type OwnUse,
} from './lease-store.js';
import { seekIn, type Lease, type PoolChoice } from './lease.js';
import type { OwnLimits } from './limits.js';

/** How waiting ended. */
export type WaitOutcome =
  | { readonly kind: 'admitted'; readonly lease: Lease; readonly own: OwnUse | null }
  /** Its time was up; where it stood at the end. */
  | { readonly kind: 'timed_out'; readonly denial: Denial }
  /** Its client went away. */
  | { readonly kind: 'abandoned' }
  /** The policy does not let it wait for any pool any more. */
  | { readonly kind: 'dismissed' }
  /** The store was away when its time was up. */
  | { readonly kind: 'unavailable'; readonly cause: unknown };

/** What the room works with. */
export interface WaitingRoomParts {
  readonly store: LeaseStore;
  readonly replicaId: ReplicaId;
  readonly clock: Clock;
  /** Resolves after the time, or early when aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
  /** The store could not be asked; it is asked again. For the log. */
  readonly observe: (error: unknown) => void;
}

interface Guest {
  /** With the terms of the policy in force. */
  request: AcquireRequest;
  readonly review: NonNullable<WaitTerms['review']>;
  readonly deadlineMs: number;
  denial: Denial;
  /** A question about this one guest is under way. */
  asking: boolean;
  /** It has its line. */
  admitted: boolean;
  readonly done: (outcome: WaitOutcome) => void;
}

/** How often calls are kept in line, and the longest that a lost word of a line goes unnoticed. */
const ATTEND_MS = 500;
/** A call that comes to wait is in line already, so this bounds memory only; pools bound their own queues. */
const GUESTS_MAX = 10_000;
/** Words that came too early are few, and forgotten at the next look. */
const EARLY_MAX = 1_000;

/** The waiting room of this process. Call `run` once. */
export class WaitingRoom {
  readonly #guests = new Map<SessionId, Guest>();
  readonly #parts: WaitingRoomParts;
  #wake = new AbortController();
  #nextLookMs = Infinity;
  #closed = false;
  #nextAttendMs = 0;
  /** Calls that were given a line before they had sat down: the word overtook the answer. */
  readonly #early = new Set<SessionId>();

  constructor(parts: WaitingRoomParts) {
    this.#parts = parts;
  }

  /** Calls that wait now. */
  get size(): number {
    return this.#guests.size;
  }

  /**
   * Waits for the line that this call stands in.
   * @param denial where the store said it stands.
   * @param waitMs how long at most.
   * @param gone fires when the client went away.
   */
  wait(
    request: AcquireRequest,
    denial: Denial,
    { waitMs, gone, review = () => termsOf(request) }: WaitTerms,
  ): Promise<WaitOutcome> {
    return new Promise((resolve) => {
      const { sessionId } = request;
      const deadlineMs = this.#parts.clock.monotonicMs() + waitMs;
      const left = (): void => this.#leave(sessionId);
      const done = (outcome: WaitOutcome): void => {
        if (this.#guests.get(sessionId) !== guest) return;
        this.#guests.delete(sessionId);
        guest.admitted = outcome.kind === 'admitted';
        gone.removeEventListener('abort', left);
        resolve(outcome);
      };
      const guest: Guest = { request, review, deadlineMs, denial, asking: false, admitted: false, done };
      this.#guests.set(sessionId, guest);
      gone.addEventListener('abort', left, { once: true });
      if (gone.aborted) left();
      else if (this.#closed || this.#guests.size > GUESTS_MAX) void this.#giveUp(guest);
      else if (this.#early.delete(sessionId)) void this.#ask(sessionId);
      else if (deadlineMs < this.#nextLookMs) this.#wake.abort();
    });
  }

  /** Keeps calls in line until aborted; then those left are told that their time is up. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = this.#parts.store.onGranted(this.#parts.replicaId, (sessionId) => void this.#ask(sessionId));
    const wakeUp = (): void => this.#wake.abort();
    signal.addEventListener('abort', wakeUp, { once: true });
    while (!signal.aborted) {
      this.#wake = new AbortController();
      const nowMs = this.#parts.clock.monotonicMs();
      if (nowMs >= this.#nextAttendMs) this.#nextAttendMs = nowMs + ATTEND_MS;
      this.#nextLookMs = this.#nextDueMs(this.#nextAttendMs);
      await this.#parts.wait(Math.max(1, Math.ceil(this.#nextLookMs - nowMs)), this.#wake.signal);
      if (this.#parts.clock.monotonicMs() >= this.#nextAttendMs) await this.tick();
      else await this.#giveUpDue();
    }
    stop();
    await this.close();
  }

  /** Nobody waits any more: whoever does is told that the time is up. */
  async close(): Promise<void> {
    this.#closed = true;
    await Promise.all([...this.#guests.values()].map((guest) => this.#giveUp(guest)));
  }

  /**
   * One look at everybody: who may not wait any more, who was given a line, whose time is up. `run` calls it; whoever
   * changes the policy may, too.
   */
  async tick(): Promise<void> {
    this.#early.clear();
    for (const guest of this.#guests.values()) this.#review(guest);
    await this.#giveUpDue();
    await this.#attend([...this.#guests.values()].filter((guest) => !guest.asking));
  }

  async #giveUpDue(): Promise<void> {
    const nowMs = this.#parts.clock.monotonicMs();
    const due = [...this.#guests.values()].filter((guest) => this.#closed || guest.deadlineMs <= nowMs);
    await Promise.all(due.map((guest) => this.#giveUp(guest)));
  }

  // One that is being asked about is reviewed at the next look.
  #review(guest: Guest): void {
    if (guest.asking) return;
    const terms = guest.review();
    if (terms !== null) guest.request = seekIn(guest.request, terms.own, terms.plans);
    else void this.#dismiss(guest);
  }

  // It may ask for a line again at once, so it must be out of line before it hears.
  async #dismiss(guest: Guest): Promise<void> {
    guest.asking = true;
    await this.#leaveStore(guest);
    guest.done({ kind: 'dismissed' });
  }

  // A deadline between two looks is kept to the millisecond.
  #nextDueMs(latestMs: number): number {
    let nextMs = latestMs;
    // One that is being asked about is looked at when the answer is there.
    for (const guest of this.#guests.values()) if (!guest.asking) nextMs = Math.min(nextMs, guest.deadlineMs);
    return nextMs;
  }

  async #ask(sessionId: SessionId): Promise<void> {
    const guest = this.#guests.get(sessionId);
    if (guest) await this.#attend([guest]);
    else if (this.#early.size < EARLY_MAX) this.#early.add(sessionId);
  }

  async #attend(guests: readonly Guest[]): Promise<void> {
    if (guests.length === 0) return;
    try {
      const outcomes = await this.#parts.store.attend(guests.map((guest) => guest.request));
      await Promise.all(guests.map((guest, i) => this.#settle(guest, outcomes[i] ?? { kind: 'gone' })));
    } catch (error) {
      this.#parts.observe(error);
    }
  }

  async #settle(guest: Guest, outcome: AttendOutcome): Promise<void> {
    if (outcome.kind === 'granted') this.#hand(guest, outcome);
    else if (outcome.kind === 'waiting') guest.denial = outcome.denial;
    else if (!guest.asking && this.#guests.get(guest.request.sessionId) === guest) await this.#standAgain(guest);
  }

  // The store forgot the call (a flush, a silence of this process): back to the end of the line.
  async #standAgain(guest: Guest): Promise<void> {
    guest.asking = true;
    try {
      const outcome = await this.#parts.store.acquire(guest.request);
      if (outcome.kind === 'admitted') this.#hand(guest, outcome);
      else if (outcome.kind === 'waiting') this.#sitDown(guest, outcome.denial);
      else if (outcome.kind === 'denied') guest.done({ kind: 'timed_out', denial: outcome.denial });
    } finally {
      guest.asking = false;
    }
  }

  // It may have left while it was being put back.
  #sitDown(guest: Guest, denial: Denial): void {
    guest.denial = denial;
    if (this.#guests.get(guest.request.sessionId) !== guest) void this.#leaveStore(guest);
    else if (this.#closed) void this.#giveUp(guest, true);
  }

  // Given a line in the same moment in which it left: nobody will use that line. Two questions under way at once are
  // both answered with the line, and the second answer is no news.
  #hand(guest: Guest, { lease, own }: { readonly lease: Lease; readonly own: OwnUse | null }): void {
    if (this.#guests.get(guest.request.sessionId) === guest) guest.done({ kind: 'admitted', lease, own });
    else if (!guest.admitted) void this.#parts.store.release(lease).catch(this.#parts.observe);
  }

  #leave(sessionId: SessionId): void {
    const guest = this.#guests.get(sessionId);
    if (!guest) return;
    guest.done({ kind: 'abandoned' });
    void this.#leaveStore(guest);
  }

  async #leaveStore(guest: Guest): Promise<void> {
    try {
      const outcome = await this.#parts.store.leave(guest.request);
      if (outcome.kind === 'granted') await this.#parts.store.release(outcome.lease);
    } catch (error) {
      this.#parts.observe(error);
    }
  }

  async #giveUp(guest: Guest, isAnswered = false): Promise<void> {
    // One that is being asked about hears when the answer is there.
    if (guest.asking && !isAnswered) return;
    guest.asking = true;
    try {
      const outcome = await this.#parts.store.leave(guest.request);
      if (outcome.kind === 'granted') this.#hand(guest, outcome);
      else guest.done({ kind: 'timed_out', denial: guest.denial });
    } catch (cause) {
      if (!(cause instanceof LeaseStoreUnavailable)) this.#parts.observe(cause);
      guest.done({ kind: 'unavailable', cause });
    }
  }
}

/** How long, and until what, a call waits. */
export interface WaitTerms {
  readonly waitMs: number;
  readonly gone: AbortSignal;
  /** What holds for the call by the policy in force; null: it may not wait any more. Without: no change. */
  readonly review?: () => CallTerms | null;
}

/** What the policy says of a call in line: its own limits, and the pools that may carry it. */
export interface CallTerms {
  readonly own: OwnLimits;
  readonly plans: PoolChoice;
}

function termsOf({ own, plan, otherPools }: AcquireRequest): CallTerms {
  return { own, plans: [plan, ...otherPools] };
}
