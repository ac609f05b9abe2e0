// Verdicts that are under way, by the response that they are about, so that what must not go unjudged can wait for them, and
// the end of a session for the last ones. Bounded by what hooks may have under way: each of their questions has a deadline.
import type { StartTimer } from '@trunkline/moderation';

/** One that is under way. */
interface Due {
  readonly responseId: string;
  /** What it is about may not go without it. */
  readonly isAwaited: boolean;
  /** In the order in which they began. */
  readonly number: number;
}

/** Those of one session. */
export class VerdictsDue {
  private readonly due = new Set<Due>();
  private readonly forNone: (() => void)[] = [];
  private awaited = 0;
  private begun = 0;

  /**
   * A verdict about a response is under way.
   * @param isAwaited what it is about may not go without it. @returns to be called when it is given, and acted on.
   */
  began(responseId: string, isAwaited: boolean): () => void {
    this.begun += 1;
    const due: Due = { responseId, isAwaited, number: this.begun };
    this.due.add(due);
    if (isAwaited) this.awaited += 1;
    return () => this.given(due);
  }

  /** Whether something of a response has no verdict yet. */
  has(responseId: string): boolean {
    return [...this.due].some((each) => each.responseId === responseId);
  }

  /** Whether any is under way that must be waited for. */
  get areAwaited(): boolean {
    return this.awaited > 0;
  }

  /**
   * Asks later whether what comes now must wait still, for a verdict that is under way by now. Audio also for the next one:
   * its words may come behind it.
   * @param responseId null: it names none, and may be of any.
   */
  awaitedBy(responseId: string | null, isAudio: boolean): () => boolean {
    const last = isAudio ? this.begun + 1 : this.begun;
    return () => this.areAwaited && this.isAwaited(responseId, last);
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

  private isAwaited(responseId: string | null, last: number): boolean {
    for (const each of this.due) {
      if (each.number > last) return false;
      if (each.isAwaited && (responseId === null || each.responseId === responseId)) return true;
    }
    return false;
  }

  private given(due: Due): void {
    if (!this.due.delete(due)) return;
    if (due.isAwaited) this.awaited -= 1;
    if (this.isEmpty) for (const resolve of this.forNone.splice(0)) resolve();
  }
}
