// Which calls in line count on a line of their own key that is being settled (ADR 084, 085). Guarantees that after every step
// no more calls do so than such lines are left; of two, the one that came first has the better right.
import type { Caller } from './lease.js';
import type { Place } from './limits.js';
import type { Line, LineRegister } from './line-register.js';
import type { WaitingQueue } from './waiting-queue.js';

/** The claims on lines of one register. */
export class OwnLineClaims {
  /** Where a line that was being settled went in this step. */
  readonly #gone: Place[] = [];

  constructor(
    private readonly lines: LineRegister,
    private readonly queue: WaitingQueue,
  ) {}

  /** Whether a line of the call's place is being settled that no other call counts on. */
  isOneFreeFor({ place, sessionId }: Caller): boolean {
    const ending = this.lines.endingAt(place);
    if (ending === 0) return false;
    const counting = this.queue
      .at(place)
      .filter(({ comesBack, caller }) => comesBack && caller.sessionId !== sessionId);
    return counting.length < ending;
  }

  /** The line came free or changed hands. */
  went({ lease, isEnding }: Pick<Line, 'lease' | 'isEnding'>): void {
    if (isEnding) this.#gone.push(lease.place);
  }

  /** A step ends: whoever counted on a line that is gone, and for whom there is no other, is a call like all others. */
  letGo(): void {
    for (const place of this.#gone.splice(0)) this.queue.countOn(place, this.lines.endingAt(place));
  }
}
