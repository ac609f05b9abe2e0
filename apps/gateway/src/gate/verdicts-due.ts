// Verdicts that are under way, by the response that they are about, so that the end of a session can wait for the last ones.
// Bounded by what hooks may have under way: each of their questions has a deadline.
import type { StartTimer } from '@trunkline/moderation';

/** Those of one session. */
export class VerdictsDue {
  private readonly due = new Map<string, number>();
  private readonly forNone: (() => void)[] = [];

  /** A verdict about a response is under way. */
  began(responseId: string): void {
    this.due.set(responseId, (this.due.get(responseId) ?? 0) + 1);
  }

  /** It is given, and acted on. */
  given(responseId: string): void {
    const left = (this.due.get(responseId) ?? 0) - 1;
    if (left > 0) this.due.set(responseId, left);
    else this.due.delete(responseId);
    if (this.due.size === 0) for (const resolve of this.forNone.splice(0)) resolve();
  }

  /** Whether something of a response has no verdict yet. */
  has(responseId: string): boolean {
    return this.due.has(responseId);
  }

  get isEmpty(): boolean {
    return this.due.size === 0;
  }

  /** Resolves when none is under way, or after so many milliseconds. */
  none(msMax: number, startTimer: StartTimer): Promise<void> {
    return new Promise((resolve) => {
      const callOff = startTimer(msMax, resolve);
      this.forNone.push(() => {
        callOff();
        resolve();
      });
    });
  }
}
