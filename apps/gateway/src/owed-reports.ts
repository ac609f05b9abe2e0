import type { SessionObserver } from '@trunkline/providers';

/** Lets settlement wait for the moment when the upstream owes no report of usage any more. */
export class OwedReports {
  private readonly waiting: (() => void)[] = [];

  constructor(private readonly observer: SessionObserver) {}

  /** Resolves at once when nothing is owed, else when the last report has come. Callers bound the wait. */
  none(): Promise<void> {
    if (this.observer.reportsOwed() === 0) return Promise.resolve();
    return new Promise((resolve) => this.waiting.push(resolve));
  }

  /** To be called after each observed message. */
  check(): void {
    if (this.waiting.length > 0 && this.observer.reportsOwed() === 0) {
      for (const resolve of this.waiting.splice(0)) resolve();
    }
  }
}
