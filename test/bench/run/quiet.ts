// Waits for the machine to be quiet, because a core that somebody else uses tells nothing about a proxy. Guarantees an
// end: all waiting of a run together has a budget, after which it measures anyway and the windows say how noisy it was.
import { CORE } from '../process/pinned.js';
import { coreBusySeconds } from '../process/proc-stat.js';

const LOOK_MS = 1000;
/** Kernel threads and the benchmark's own idle processes use this much. */
const QUIET_SHARE = 0.12;

/** Spends a run's patience. */
export class QuietGate {
  private leftMs: number;

  constructor(budgetMs: number) {
    this.leftMs = budgetMs;
  }

  /** Returns when both cores were nearly idle for a second, or the budget is spent. */
  async pass(): Promise<void> {
    while (this.leftMs > 0) {
      const started = performance.now();
      const busy = await busyShare();
      this.leftMs -= performance.now() - started;
      if (busy < QUIET_SHARE) return;
    }
  }
}

async function busyShare(): Promise<number> {
  const read = (): number[] => [CORE.proxy, CORE.load].map(coreBusySeconds);
  const before = read();
  await new Promise((resolve) => setTimeout(resolve, LOOK_MS));
  const after = read();
  return Math.max(...after.map((seconds, i) => ((seconds - (before[i] ?? 0)) * 1000) / LOOK_MS));
}
