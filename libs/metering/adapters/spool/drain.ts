// Moves durable records from the spool into the store: in order, one batch at a time, again and again until the store
// has taken it. A batch is confirmed (and its file may go) only after the commit, so a crash repeats a batch and the
// store's idempotency makes that harmless. A store that is away is retried for ever with a capped backoff; a record that
// the store will never take is set aside durably, so that one bad row does not stop everybody's bill.
import { setTimeout as delay } from 'node:timers/promises';
import { systemClock, type Clock } from '@trunkline/kernel';
import { JournalBatchRefused, recordTimeMs, type JournalBatch, type JournalStore } from '@trunkline/metering';
import { backoffMs, type BackoffOptions } from './backoff.js';
import type { BatchLimits } from './segment-queue.js';

/** Where a drain reads; `Spool` is one. */
export interface DrainSource {
  read(limits: BatchLimits): Promise<JournalBatch | null>;
  confirm(batch: JournalBatch): Promise<void>;
  setAside(batch: JournalBatch, reason: string): Promise<void>;
  onDurable(wake: () => void): void;
  stats(): { readonly pendingRecords: number };
}

/** How to drain. */
export interface DrainOptions {
  /** Default 500 records or 1 MiB: a few milliseconds of one transaction. */
  readonly limits?: BatchLimits;
  /**
   * How long to gather records before a batch that is not full goes. Default 250 ms: a transaction for each single record
   * would cost a busy gateway a fifth of a core and its calls the milliseconds, and nobody looks at the books more often.
   */
  readonly lingerMs?: number;
  /** A commit that takes longer counts as failed and is repeated. Default 60,000 (over the statement timeout). */
  readonly commitTimeoutMs?: number;
  /** Default: from 100 ms up to 5 s. */
  readonly backoff?: BackoffOptions;
  readonly clock?: Clock;
  /** Told of each failed try, with how many failed in a row; for logs and alarms. Must not throw. */
  readonly onFailure?: (error: unknown, failuresInARow: number) => void;
  /** Told of each stored batch, for metrics. Must not throw. */
  readonly onStored?: (batch: JournalBatch, seconds: number) => void;
}

/** How far behind the store is. */
export interface DrainStats {
  /** Durable records the store does not have. */
  readonly pendingRecords: number;
  /** Age of the oldest of them in milliseconds; 0 when there is none. */
  readonly lagMs: number;
  /** Failed tries since the last success. */
  readonly failuresInARow: number;
}

const LINGER_MS = 250;
const DEFAULT_LIMITS: BatchLimits = { recordsMax: 500, bytesMax: 1_048_576 };

export class Drain {
  private readonly limits: BatchLimits;
  private readonly clock: Clock;
  private readonly stopping = new AbortController();
  private readonly hurry = new AbortController();
  private running: Promise<void> | null = null;
  private finishing = false;
  private oldestMs: number | null = null;
  private failuresInARow = 0;
  private woken: () => void = () => undefined;
  private whenIdle: (() => void)[] = [];
  // After a refused batch, how many records are still to be tried one by one to find the one at fault.
  private singly = 0;

  constructor(
    private readonly source: DrainSource,
    private readonly store: JournalStore,
    private readonly options: DrainOptions = {},
  ) {
    this.limits = options.limits ?? DEFAULT_LIMITS;
    this.clock = options.clock ?? systemClock;
    source.onDurable(() => this.woken());
  }

  /** Begins to drain. Once. */
  start(): void {
    this.running ??= this.run();
  }

  /** Stores what is durable by now, then stops; gives up at the deadline. True when nothing is left to store. */
  async stop(deadlineMs: number): Promise<boolean> {
    this.finishing = true;
    this.hurry.abort();
    this.woken();
    const timer = setTimeout(() => this.stopping.abort(), deadlineMs);
    await this.running;
    clearTimeout(timer);
    return this.source.stats().pendingRecords === 0;
  }

  /** Resolves when the store has every record that is durable; at once if it has. */
  idle(): Promise<void> {
    if (this.source.stats().pendingRecords === 0) return Promise.resolve();
    return new Promise((resolve) => this.whenIdle.push(resolve));
  }

  stats(): DrainStats {
    const { pendingRecords } = this.source.stats();
    const lagMs = this.oldestMs === null ? 0 : Math.max(0, this.clock.nowMs() - this.oldestMs);
    return { pendingRecords, lagMs, failuresInARow: this.failuresInARow };
  }

  private async run(): Promise<void> {
    while (!this.stopping.signal.aborted) {
      const wake = new Promise<void>((resolve) => (this.woken = resolve));
      if ((await this.step()) === 'nothing') {
        this.oldestMs = null;
        for (const resolve of this.whenIdle.splice(0)) resolve();
        if (this.finishing) return;
        await wake;
      }
      const full = this.singly > 0 || this.source.stats().pendingRecords >= this.limits.recordsMax;
      if (!full) await pauseUnless(this.hurry.signal, this.options.lingerMs ?? LINGER_MS);
    }
  }

  // One batch, or one failure and the wait after it.
  private async step(): Promise<'moved' | 'nothing'> {
    try {
      const batch = await this.source.read(this.singly > 0 ? { ...this.limits, recordsMax: 1 } : this.limits);
      if (batch === null) return 'nothing';
      this.oldestMs = Math.min(...batch.records.map(recordTimeMs));
      await this.commit(batch);
      await this.source.confirm(batch);
      this.singly = Math.max(0, this.singly - batch.records.length);
      this.failuresInARow = 0;
    } catch (error) {
      this.failuresInARow++;
      this.options.onFailure?.(error, this.failuresInARow);
      await this.pause();
    }
    return 'moved';
  }

  private async commit(batch: JournalBatch): Promise<void> {
    const startedMs = this.clock.monotonicMs();
    try {
      await this.withDeadline(this.store.commit(batch));
      this.options.onStored?.(batch, (this.clock.monotonicMs() - startedMs) / 1_000);
    } catch (error) {
      if (!(error instanceof JournalBatchRefused)) throw error;
      if (batch.records.length === 1) return this.source.setAside(batch, error.message);
      this.singly = batch.records.length;
      throw error;
    }
  }

  // The driver's own timeouts should come first; a commit that nobody answers must still not hold the queue for ever.
  private async withDeadline(commit: Promise<void>): Promise<void> {
    const timeoutMs = this.options.commitTimeoutMs ?? 60_000;
    const answered = new AbortController();
    // Not `AbortSignal.any`: Node 20 keeps what it returns for as long as the signals that it was made of.
    let onStop = (): void => undefined;
    const stopped = new Promise<never>((_, reject) => {
      onStop = () => reject(new Error('the drain was stopped'));
    });
    const late = delay(timeoutMs, undefined, { signal: answered.signal }).then(
      () => Promise.reject(new Error(`the store gave no answer within ${timeoutMs} ms`)),
      () => undefined,
    );
    this.stopping.signal.addEventListener('abort', onStop, { once: true });
    try {
      await Promise.race([commit, late, stopped]);
    } finally {
      this.stopping.signal.removeEventListener('abort', onStop);
      answered.abort();
    }
  }

  private async pause(): Promise<void> {
    const backoff = this.options.backoff ?? { firstMs: 100, maxMs: 5_000, random: Math.random };
    await pauseUnless(this.stopping.signal, backoffMs(this.failuresInARow, backoff));
  }
}

async function pauseUnless(signal: AbortSignal, ms: number): Promise<void> {
  try {
    await delay(ms, undefined, { signal });
  } catch (error) {
    if (!signal.aborted) throw error;
  }
}
