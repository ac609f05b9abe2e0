// Which idle lines are asked to make room. Guarantees that no more are asked than there are calls in line which could have
// one, for those that were asked and have not made room yet count as free.
import type { SessionId } from '@trunkline/kernel';
import type { Caller } from './lease.js';
import type { Place } from './limits.js';
import type { Line, LineRegister } from './line-register.js';
import type { Obstacles } from './obstacles.js';
import type { WaitingQueue } from './waiting-queue.js';

/** An idle line that was asked to make room counts as coming free for so long. */
export const RECLAIM_MS = 10_000;

/** What is looked at. */
export interface ReclaimParts {
  readonly lines: LineRegister;
  readonly queue: WaitingQueue;
  readonly obstacles: Obstacles;
}

/** The lines that were asked. */
export class Reclaims {
  /** Idle sessions that were asked to make room, and until when that counts. */
  readonly #untilMs = new Map<SessionId, number>();

  constructor(private readonly parts: ReclaimParts) {}

  /** Whether the idle session on this line should make room. Asked again it answers the same for a while. */
  ask(line: Line, nowMs: number): boolean {
    const { sessionId } = line.lease;
    const isWanted = this.#isWanted(line, nowMs, this.#comingFree(line, nowMs));
    if (isWanted && !this.#untilMs.has(sessionId)) this.#untilMs.set(sessionId, nowMs + RECLAIM_MS);
    if (!isWanted) this.#untilMs.delete(sessionId);
    return isWanted;
  }

  /** Other lines whose sessions were asked to make room and have not done so yet. */
  #comingFree({ lease }: Line, nowMs: number): readonly Line[] {
    const lines: Line[] = [];
    for (const [sessionId, untilMs] of this.#untilMs) {
      const other = this.parts.lines.get(sessionId);
      if (untilMs <= nowMs || other?.state !== 'confirmed') this.#untilMs.delete(sessionId);
      else if (sessionId !== lease.sessionId) lines.push(other);
    }
    return lines;
  }

  /** Whether a call in line could have this line, of those for which the lines that are coming free will not do. */
  #isWanted({ lease: { place } }: Line, nowMs: number, comingFree: readonly Line[]): boolean {
    const { queue, lines, obstacles } = this.parts;
    const { counts } = lines;
    const mayCome = (caller: Caller): boolean => obstacles.of(caller, nowMs) === null;
    for (const { lease } of comingFree) counts.add(lease.place, -1);
    const served: Place[] = [];
    const left: Caller[] = [];
    for (const waiters of queue.calls()) {
      const callers = waiters.map(({ caller }) => caller);
      const first = callers.find(mayCome);
      if (first) counts.add(first.place, 1);
      if (first) served.push(first.place);
      else left.push(...callers.filter((caller) => caller.place.poolId === place.poolId));
    }
    counts.add(place, -1);
    const isWanted = left.some(mayCome);
    counts.add(place, 1);
    for (const taken of served) counts.add(taken, -1);
    for (const { lease } of comingFree) counts.add(lease.place, 1);
    return isWanted;
  }
}
