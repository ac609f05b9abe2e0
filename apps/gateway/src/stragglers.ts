// Usage that the journal refused (disk full, I/O error). The session it came from is ended, but the report reached us and
// must reach the ledger: it is kept here and offered again until the journal takes it or the process stops.
import type { JournalRecord, UsageJournal } from '@trunkline/metering';

// A session leaves at most a few; when the journal fails no new session is admitted, so this is far above need.
const STRAGGLERS_MAX = 50_000;
const RETRY_MS = 1_000;

/** Records waiting for the journal to recover. */
export class Stragglers {
  private readonly records: JournalRecord[] = [];
  private timer: NodeJS.Timeout | null = null;
  private offering: Promise<void> = Promise.resolve();

  constructor(
    private readonly journal: UsageJournal,
    private readonly onLost: (record: JournalRecord) => void,
  ) {}

  get size(): number {
    return this.records.length;
  }

  /** Keeps a record until the journal takes it. Over the bound the record is reported as lost: an alarm, never silence. */
  keep(record: JournalRecord): void {
    if (this.records.length >= STRAGGLERS_MAX) this.onLost(record);
    else this.records.push(record);
    this.timer ??= setInterval(() => {
      this.offering = this.offerAll();
    }, RETRY_MS).unref();
  }

  /** A last attempt; what the journal still refuses is reported as lost. */
  async close(): Promise<void> {
    if (this.timer) clearInterval(this.timer);
    await this.offering;
    await this.offerAll();
    for (const record of this.records.splice(0)) this.onLost(record);
  }

  private async offerAll(): Promise<void> {
    while (this.records.length > 0) {
      const [record] = this.records;
      if (!record) return;
      try {
        await this.journal.append(record);
      } catch {
        return; // still refusing: the next round offers the same record again
      }
      this.records.shift();
    }
    if (this.timer) clearInterval(this.timer);
    this.timer = null;
  }
}
