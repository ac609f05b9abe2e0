// The one timer of a process for all its sessions. Sessions are spread over slots, so that a thousand of them are not
// swept in one go, which would be heard as jitter.
import type { Ticker } from '../../core/ticker.js';

type Sweep = (nowMs: number) => void;

/** Calls each sweep once per period. Holds no process open. Who creates it calls `stop`. */
export class IntervalTicker implements Ticker {
  private readonly slots: readonly Set<Sweep>[];
  private readonly timer: NodeJS.Timeout;
  private turn = 0;

  /** @param periodMs the time between two sweeps of one session; the precision of every limit in time. */
  constructor(periodMs = 1000, slotCount = 10) {
    this.slots = Array.from({ length: slotCount }, () => new Set<Sweep>());
    this.timer = setInterval(() => this.sweepNext(), periodMs / slotCount);
    this.timer.unref();
  }

  nowMs(): number {
    return performance.now();
  }

  add(sweep: Sweep): () => void {
    const slot = this.slots.reduce((least, other) => (other.size < least.size ? other : least));
    slot.add(sweep);
    return () => slot.delete(sweep);
  }

  /** Ends all sweeping. */
  stop(): void {
    clearInterval(this.timer);
  }

  private sweepNext(): void {
    const slot = this.slots[this.turn++ % this.slots.length];
    const nowMs = this.nowMs();
    for (const sweep of slot ?? []) sweep(nowMs);
  }
}
