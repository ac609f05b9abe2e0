// Usage that the journal refused (disk full, I/O error). The session it came from is ended, but the report reached us and
// must reach the ledger: it is kept here and offered again until the journal takes it or the process stops. One offer at
// a time, in order; a record that the journal can never take does not stand in the way of the others.
import { JournalError, type JournalRecord, type UsageJournal } from '@trunkline/metering';

// A session leaves at most a few; when the journal fails no new session is admitted, so this is far above need.
const STRAGGLERS_MAX = 50_000;
const RETRY_MS = 1_000;

/** Told of a record that is given up, and why: an alarm, never silence. */
export type OnLost = (record: JournalRecord, why: unknown) => void;

/** Records waiting for the journal to recover. */
export class Stragglers {
  private readonly records: JournalRecord[] = [];
  private timer: NodeJS.Timeout | null = null;
  private offering: Promise<void> | null = null;

  constructor(
    private readonly journal: UsageJournal,
    private readonly onLost: OnLost,
    /** Milliseconds between offers. */
    private readonly retryMs: number = RETRY_MS,
  ) {}

  get size(): number {
    return this.records.length;
  }

  /** Keeps a record until the journal takes it. Over the bound the record is reported as lost. */
  keep(record: JournalRecord): void {
    if (this.records.length >= STRAGGLERS_MAX) this.onLost(record, new Error('too many records wait for the journal'));
    else this.records.push(record);
    this.timer ??= setInterval(() => void this.offer(), this.retryMs).unref();
  }

  /** A last attempt; what the journal still refuses is reported as lost. */
  async close(): Promise<void> {
    await this.offering;
    await this.offer();
    this.rest();
    for (const record of this.records.splice(0)) this.onLost(record, new Error('the journal takes no records'));
  }

  private offer(): Promise<void> {
    this.offering ??= this.offerAll().finally(() => (this.offering = null));
    return this.offering;
  }

  private async offerAll(): Promise<void> {
    for (;;) {
      const [record] = this.records;
      if (!record) return this.rest();
      try {
        await this.journal.append(record);
      } catch (error) {
        if (!isForGood(error)) return; // still refusing: the next round offers the same record again
        this.onLost(record, error);
      }
      this.records.shift();
    }
  }

  private rest(): void {
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }
}

/** Whether the fault is the record's and not the disk's. */
function isForGood(error: unknown): boolean {
  return error instanceof JournalError && (error.code === 'invalid' || error.code === 'too_large');
}
