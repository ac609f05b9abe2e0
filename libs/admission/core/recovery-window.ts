// For how long nobody new is let in. A store may have lost its memory (never heard anybody) or have been out of everybody's
// reach (heard nobody for long): leases may then have lapsed that living sessions could not renew, and these are counted
// again before anybody new.
import type { LeaseTerms } from './lease.js';

/** The recovery window of one store. */
export class RecoveryWindow {
  #beatMs: number | null = null;
  #closedUntilMs = 0;

  constructor(private readonly terms: Pick<LeaseTerms, 'silenceMaxMs' | 'recoveryMs'>) {}

  /** It is certain from elsewhere that there is nobody to wait for. */
  nobodyIsOpen(nowMs: number): void {
    this.#beatMs = nowMs;
  }

  /** A step begins, so some process lives. @returns milliseconds that are left of the window. */
  enter(nowMs: number): number {
    const { silenceMaxMs, recoveryMs } = this.terms;
    if (this.#beatMs === null || nowMs - this.#beatMs > silenceMaxMs) this.#closedUntilMs = nowMs + recoveryMs;
    this.#beatMs = nowMs;
    return this.leftMs(nowMs);
  }

  /** Milliseconds that are left of it; 0: it is closed, and everybody may come. */
  leftMs(nowMs: number): number {
    return Math.max(0, this.#closedUntilMs - nowMs);
  }
}
