// The held lines, each with its state and expiry, and their counts. Guarantees that a line is in the counts exactly as
// long as it is in the register. Knows nothing of who may have a line. Deterministic: time is an argument.
import type { SessionId } from '@trunkline/kernel';
import type { Lease, LeaseState } from './lease.js';
import { isSamePlace, type Place } from './limits.js';
import { LineCounts } from './line-counts.js';
import type { RateCharge } from './pace.js';

/** A line that is held now. */
export interface Line {
  readonly lease: Lease;
  /** When the session was given it; Unix milliseconds. */
  readonly sinceMs: number;
  /** It was kept for a reconnect, and this session came and took it. */
  readonly isInherited: boolean;
  /** What giving it used of its tenant's rate of new sessions, which it gives back if it is released while pending; null: nothing. */
  readonly charge: RateCharge | null;
  /** Its session has ended and is being settled: it comes free in a moment. */
  isEnding: boolean;
  state: LeaseState;
  expiresAtMs: number;
}

/** Lines by session. Bounded by whoever puts lines in. */
export class LineRegister {
  readonly counts = new LineCounts();
  readonly #lines = new Map<SessionId, Line>();
  readonly #kept = new Set<Line>();
  readonly #ending = new Set<Line>();
  /** No line lapses before this: until then there is nothing to look for. */
  #lapsesFromMs = Infinity;

  /** Lines held. */
  get size(): number {
    return this.#lines.size;
  }

  /** The session's line. */
  get(sessionId: SessionId): Line | null {
    return this.#lines.get(sessionId) ?? null;
  }

  /** All lines, in the order in which they were put in. */
  all(): IterableIterator<Line> {
    return this.#lines.values();
  }

  /** The line that was kept for a reconnect of this place and lapses first. */
  keptFor(place: Place): Line | null {
    let first: Line | null = null;
    for (const line of this.#kept)
      if (isSamePlace(line.lease.place, place) && (first === null || lapsesBefore(line, first))) first = line;
    return first;
  }

  /** Lines of this place whose sessions have ended and are being settled. */
  endingAt(place: Place): number {
    let lines = 0;
    for (const line of this.#ending) if (isSamePlace(line.lease.place, place)) lines += 1;
    return lines;
  }

  /** Puts a line in, in place of an older one of the same session. */
  put(line: Line): void {
    this.remove(line.lease.sessionId);
    this.#lines.set(line.lease.sessionId, line);
    if (line.isEnding) this.#ending.add(line);
    this.counts.add(line.lease.place, 1);
    this.#lapsesFromMs = Math.min(this.#lapsesFromMs, line.expiresAtMs);
  }

  /** Changes state and expiry of a line that is in the register. */
  set(line: Line, state: LeaseState, expiresAtMs: number): void {
    line.state = state;
    line.expiresAtMs = expiresAtMs;
    if (state === 'kept') this.#kept.add(line);
    else this.#kept.delete(line);
    if (state === 'kept') this.#hasSettled(line);
    this.#lapsesFromMs = Math.min(this.#lapsesFromMs, expiresAtMs);
  }

  /** Says of a line in the register that its session has ended and is being settled. */
  setEnding(line: Line): void {
    line.isEnding = true;
    this.#ending.add(line);
  }

  /** Takes the session's line out; nothing happens when it has none. */
  remove(sessionId: SessionId): void {
    const line = this.#lines.get(sessionId);
    if (!line) return;
    this.#lines.delete(sessionId);
    this.#kept.delete(line);
    this.#ending.delete(line);
    this.counts.add(line.lease.place, -1);
  }

  /** Takes out what has lapsed. @returns the lines taken out. */
  removeLapsed(nowMs: number): readonly Line[] {
    if (nowMs < this.#lapsesFromMs) return [];
    const lapsed: Line[] = [];
    this.#lapsesFromMs = Infinity;
    for (const line of this.#lines.values()) {
      if (line.expiresAtMs <= nowMs) lapsed.push(line);
      else this.#lapsesFromMs = Math.min(this.#lapsesFromMs, line.expiresAtMs);
    }
    for (const line of lapsed) this.remove(line.lease.sessionId);
    return lapsed;
  }

  #hasSettled(line: Line): void {
    line.isEnding = false;
    this.#ending.delete(line);
  }
}

function lapsesBefore(a: Line, b: Line): boolean {
  if (a.expiresAtMs !== b.expiresAtMs) return a.expiresAtMs < b.expiresAtMs;
  return a.lease.sessionId < b.lease.sessionId;
}
