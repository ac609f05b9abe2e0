import type { SessionObserver } from '@trunkline/providers';

/** Lets settlement wait for what the upstream has still to say of a session: what its turns cost, and that none follow. */
export class OwedReports {
  private readonly waiting = new Map<() => boolean, () => void>();

  constructor(private readonly observer: Pick<SessionObserver, 'reportsOwed' | 'isFenced'>) {}

  /** Resolves at once when nothing is owed, else when the last report has come. Callers bound the wait. */
  none(): Promise<void> {
    return this.until(() => this.observer.reportsOwed() === 0);
  }

  /** Resolves when the upstream has read all that it was sent before the fence. Callers bound the wait. */
  fenced(): Promise<void> {
    return this.until(() => this.observer.isFenced);
  }

  /** To be called after each observed message. */
  check(): void {
    for (const [isSo, resolve] of this.waiting) {
      if (!isSo()) continue;
      this.waiting.delete(isSo);
      resolve();
    }
  }

  private until(isSo: () => boolean): Promise<void> {
    if (isSo()) return Promise.resolve();
    return new Promise((resolve) => this.waiting.set(isSo, resolve));
  }
}
