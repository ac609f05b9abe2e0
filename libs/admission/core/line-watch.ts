// A session's line as its holder sees it: held until it is lost, and then gone in a moment. Guarantees that whoever waits
// through it for something of the session's upstream is free again when the line is gone, wherever it was in its waiting.
// Leaves to the `LeaseKeeper` when that is, and to its owner what to do then.
import type { Clock } from '@trunkline/kernel';

/** What a watch goes by. */
export interface LineWatchParts {
  readonly clock: Pick<Clock, 'monotonicMs'>;
  /** Resolves after the time, or early when aborted. */
  readonly wait: (ms: number, signal: AbortSignal) => Promise<void>;
}

/** The line of one session. */
export class LineWatch {
  /** Resolves when the line is lost; it is gone a moment after that. */
  readonly lost: Promise<void>;
  #tellLost: () => void = () => undefined;
  #goneAtMs = Infinity;

  constructor(private readonly parts: LineWatchParts) {
    this.lost = new Promise((resolve) => (this.#tellLost = resolve));
  }

  /** The line is lost, and gone after so many milliseconds. */
  lose(goneWithinMs: number): void {
    this.#goneAtMs = Math.min(this.#goneAtMs, this.parts.clock.monotonicMs() + goneWithinMs);
    this.#tellLost();
  }

  /** Resolves with the work, after so many milliseconds, or when the line is gone. @throws what the work does, by then. */
  async whileHeld(work: Promise<void>, mostMs: number): Promise<void> {
    const { clock, wait } = this.parts;
    const over = new AbortController();
    const gone = this.lost.then(async () => {
      const leftMs = this.#goneAtMs - clock.monotonicMs();
      if (leftMs > 0 && !over.signal.aborted) await wait(leftMs, over.signal);
    });
    await Promise.race([work, wait(mostMs, over.signal), gone]).finally(() => over.abort());
  }
}
