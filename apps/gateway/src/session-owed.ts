// What a session owes the books: uses that have begun and are not reported yet. Written to the journal as they begin, and
// every two seconds while they last, so that a gateway that is killed leaves enough for an estimate; made into estimates when
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

// Most answers are generated in less. A kill loses what was generated since the last mark.
const MARK_EVERY_MS = 2_000;

/** The owed reports of one session. */
export class SessionOwed {
  private markedAtMs = 0;

  constructor(private readonly parts: SessionOwedParts) {}

  /** A use began. Waits for nobody. */
  began(report: OwedReport): void {
    this.markedAtMs = this.parts.nowMs();
    this.write(this.owedRecord(report));
  }

  /** A use ended with nothing used. */
  nothing({ kind, vendorObjectId, model, seen }: OwedReport): void {
    const { id, sessionId, seenAtMs } = this.owedOf({ kind, vendorObjectId, model, seen });
    this.write({ kind: 'nothing_owed', nothing: { id, sessionId, atMs: seenAtMs } });
  }

  /** Writes down how far responses have come that run for long. Cheap to call often; silent when the journal is short of room. */
  mark(): void {
    const { observer, journal, nowMs } = this.parts;
    if (observer.reportsOwed() === 0 || nowMs() - this.markedAtMs < MARK_EVERY_MS) return;
    this.markedAtMs = nowMs();
    if (journal.pressure() !== 'ok') return;
    for (const report of observer.owed()) if (report.kind === 'response') this.write(this.owedRecord(report));
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
