// What a session owes the books: uses that have begun and are not reported yet. Written to the journal when they last, and
// every two seconds from then on, so that a gateway that is killed leaves enough for an estimate; made into estimates when
// the session ends without the reports. No frame waits for the former: they are a help to the books, not the books.
import {
  estimatedUsage,
  owedUsage,
  type JournalRecord,
  type OwedContext,
  type OwedReport,
  type UsageEvent,
  type UsageJournal,
} from '@trunkline/metering';
import type { SessionObserver } from '@trunkline/providers';

/** What it works with. */
export interface SessionOwedParts {
  readonly observer: Pick<SessionObserver, 'reportsOwed' | 'owed'>;
  /** Who uses, and whether its tenant pays for estimates. */
  readonly context: Omit<OwedContext, 'seenAtMs'>;
  readonly journal: Pick<UsageJournal, 'append' | 'pressure'>;
  /** Unix milliseconds. */
  readonly nowMs: () => number;
  /** A record did not become durable: after a kill there would be less to estimate from. */
  readonly failed: (error: unknown) => void;
}

// A record costs as much as a bill. What is reported sooner than this needs none; a kill loses sight of what is younger.
const FIRST_MARK_MS = 750;
// Most answers are generated in less. A kill loses what was generated since the last mark.
const MARK_EVERY_MS = 2_000;

/** The owed reports of one session. */
export class SessionOwed {
  /** By the vendor's id: uses that began and have no record. */
  private readonly unwritten = new Set<string>();
  private dueAtMs = Infinity;

  constructor(private readonly parts: SessionOwedParts) {}

  /** A use began. Waits for nobody. */
  began({ vendorObjectId }: OwedReport): void {
    this.unwritten.add(vendorObjectId);
    this.dueAtMs = Math.min(this.dueAtMs, this.parts.nowMs() + FIRST_MARK_MS);
  }

  /** A use ended with nothing used. */
  nothing({ kind, vendorObjectId, model, seen }: OwedReport): void {
    if (this.unwritten.delete(vendorObjectId)) return;
    const { id, sessionId, seenAtMs } = this.owedOf({ kind, vendorObjectId, model, seen });
    this.write({ kind: 'nothing_owed', nothing: { id, sessionId, atMs: seenAtMs } });
  }

  /**
   * Writes down what has begun and lasts, and again how far responses have come. Cheap to call often. When the journal is
   * short of room, only that they began.
   */
  mark(): void {
    const { observer, journal, nowMs } = this.parts;
    if (nowMs() < this.dueAtMs) return;
    const owed = observer.owed();
    const isRoomy = journal.pressure() === 'ok';
    for (const report of owed) {
      const isNew = this.unwritten.has(report.vendorObjectId);
      if (isNew || (isRoomy && report.kind === 'response')) this.write(this.owedRecord(report));
    }
    this.unwritten.clear();
    this.dueAtMs = owed.length > 0 ? nowMs() + MARK_EVERY_MS : Infinity;
  }

  /** The estimate of one report. */
  estimateOf(report: OwedReport): UsageEvent {
    return estimatedUsage(this.owedOf(report));
  }

  /** The estimates of all that is still owed. */
  estimates(): readonly UsageEvent[] {
    return this.parts.observer.owed().map((report) => this.estimateOf(report));
  }

  private owedRecord(report: OwedReport): JournalRecord {
    return { kind: 'usage_owed', owed: this.owedOf(report) };
  }

  private owedOf(report: OwedReport) {
    return owedUsage(report, { ...this.parts.context, seenAtMs: this.parts.nowMs() });
  }

  private write(record: JournalRecord): void {
    this.parts.journal.append(record).catch(this.parts.failed);
  }
}
