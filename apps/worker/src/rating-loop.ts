// Turns journalled usage into ledger entries, again and again until nothing waits. Guarantees: the newest prices are used
// and what waited for them is brought back by itself; Postgres may be away for as long as it likes (capped backoff, nothing
// is lost or half done); a stop finishes what is pending within its deadline. Several loops, in one or many processes,
// share the work. What a pass does in the database is for the ledger.
import { setTimeout as delay } from 'node:timers/promises';

/** What one pass over the queue did. */
export interface PassReport {
  /** Events taken from the queue; 0 when there was nothing to take. */
  readonly claimed: number;
  /** Whether the queue held more than one pass takes. */
  readonly more: boolean;
  readonly rated: number;
  readonly unrated: number;
  /** Events that this release cannot post, and why. They wait as unrated. */
  readonly setAside: readonly { readonly id: string; readonly why: string }[];
}

/** One pass: refresh prices, rate and post one batch. Rejects when the database fails; then it changed nothing. */
export type RatingPass = () => Promise<PassReport>;

/** How to loop. Hooks must not throw. */
export interface RatingLoopOptions {
  /**
   * Milliseconds between passes that did not fill a batch. Default 250: a bill is there before the next question, and a
   * transaction gathers what many calls used in that time instead of keeping live calls waiting for one each.
   */
  readonly idleMs?: number;
  /** First and longest wait after failures in a row. Default 200 ms, doubling up to 5 s. */
  readonly backoff?: { readonly firstMs: number; readonly maxMs: number };
  /** From 0 to 1; spreads replicas that lost the same database. Default Math.random. */
  readonly random?: () => number;
  readonly onPass?: (report: PassReport) => void;
  readonly onFailure?: (error: unknown, failuresInARow: number) => void;
}

const IDLE_MS = 250;
const BACKOFF = { firstMs: 200, maxMs: 5_000 };

/** The loop. Made stopped; start it once, stop it once. */
export class RatingLoop {
  private readonly stopping = new AbortController();
  private readonly woken = new AbortController();
  private running: Promise<void> | null = null;
  private finishing = false;
  private failures = 0;
  private turn: Promise<unknown> = Promise.resolve();

  constructor(
    private readonly pass: RatingPass,
    private readonly options: RatingLoopOptions = {},
  ) {}

  /** Begins to work the queue. */
  start(): void {
    this.running ??= this.run();
  }

  /**
   * Works the queue until it is empty, then stops; gives up at the deadline, leaving what is pending to the next start.
   * @returns true when it got to the end of the queue.
   */
  async stop(deadlineMs: number): Promise<boolean> {
    this.finishing = true;
    this.woken.abort();
    const abandoned = new AbortController();
    const late = delay(deadlineMs, false, { signal: abandoned.signal }).catch(() => false);
    const finished = await Promise.race([(this.running ?? Promise.resolve()).then(() => true), late]);
    abandoned.abort();
    this.stopping.abort();
    return finished;
  }

  /** Works the queue to its end now, beside the loop or without it. Rejects when the database fails. */
  async rateOnce(): Promise<PassReport> {
    let total: PassReport = { claimed: 0, more: false, rated: 0, unrated: 0, setAside: [] };
    for (;;) {
      const report = await this.passInTurn();
      if (report.claimed === 0) return total;
      this.options.onPass?.(report);
      total = {
        claimed: total.claimed + report.claimed,
        more: false,
        rated: total.rated + report.rated,
        unrated: total.unrated + report.unrated,
        setAside: [...total.setAside, ...report.setAside],
      };
    }
  }

  /** Failed passes since the last one that worked; 0 while the database answers. */
  get failuresInARow(): number {
    return this.failures;
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const outcome = await this.tryPass();
      if (outcome === 'more' || (outcome === 'partial' && this.finishing)) continue;
      if (outcome === 'idle' && this.finishing) return;
      await this.pause(outcome === 'failed' ? this.backoffMs() : (this.options.idleMs ?? IDLE_MS));
    }
  }

  private async tryPass(): Promise<'more' | 'partial' | 'idle' | 'failed'> {
    try {
      const report = await this.passInTurn();
      this.failures = 0;
      if (report.claimed === 0) return 'idle';
      this.options.onPass?.(report);
      return report.more ? 'more' : 'partial';
    } catch (error) {
      this.failures += 1;
      this.options.onFailure?.(error, this.failures);
      return 'failed';
    }
  }

  // One pass at a time: who asks for the end of the queue also waits for the batch that is on its way.
  private passInTurn(): Promise<PassReport> {
    const next = this.turn.then(() => this.pass());
    this.turn = next.catch(() => undefined);
    return next;
  }

  private backoffMs(): number {
    const { firstMs, maxMs } = this.options.backoff ?? BACKOFF;
    const full = Math.min(maxMs, firstMs * 2 ** Math.min(this.failures - 1, 20));
    return full / 2 + ((this.options.random ?? Math.random)() * full) / 2;
  }

  // A stop ends the wait for work at once; the wait for a database that is away goes on until the deadline.
  private async pause(ms: number): Promise<void> {
    // Not `AbortSignal.any`: Node 20 keeps what it returns for as long as the signals that it was made of.
    const { signal } = this.failures === 0 ? this.woken : this.stopping;
    await delay(ms, undefined, { signal }).catch(() => undefined);
  }
}
