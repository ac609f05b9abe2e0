// The upstream direction's tap: asks the dialect's observer what a message means and makes its usage durable before the
// message goes on. A message without usage is answered in the same turn of the event loop; one with usage waits for the
// journal's fsync and for nothing else.
import {
  usageEvent,
  type JournalError,
  type OwedReport,
  type UsageContext,
  type UsageEvent,
} from '@trunkline/metering';
import type { SessionFact, SessionObserver } from '@trunkline/providers';
import { BINARY_TYPE, type FrameTap, type FrameVerdict, type Interest } from '@trunkline/realtime';

// Events of a turn, as opposed to those about the session and its limits.
const TURN = /^(response|input_audio_buffer|conversation)\./;

/** What the tap does with what it learns. */
export interface MeterTapParts {
  readonly observer: SessionObserver;
  /** Who uses; the instant is added per event. */
  readonly context: Omit<UsageContext, 'occurredAtMs' | 'evidence'>;
  readonly nowMs: () => number;
  /** Resolves when durable; a rejection keeps the frame from the client. */
  readonly journal: (event: UsageEvent) => Promise<void>;
  /** The model begins to answer. Waits for nobody. */
  readonly turnBegan: (turnId: string) => void;
  /** A use began, or ended with nothing used. Waits for nobody. */
  readonly owed: (report: OwedReport) => void;
  readonly nothingOwed: (report: OwedReport) => void;
  /** What stands in for a report that came empty or will not come. */
  readonly estimateOf: (report: OwedReport) => UsageEvent;
  /** The upstream refused an event of the client; `wasQuestion`: one that asked for a turn. */
  readonly eventRefused: (eventId: string | null, wasQuestion: boolean) => void;
  /** A usage event is durable. */
  readonly metered: (event: UsageEvent) => void;
  /** The journal did not take the event. The event is not lost: the caller keeps trying; the session must end. */
  readonly unmetered: (event: UsageEvent, error: JournalError | Error) => void;
  /** The upstream announced that it will close because the session is too old. */
  readonly expired: () => void;
  /** The upstream said that its account has no room. */
  readonly throttled: (said: Extract<SessionFact, { kind: 'throttled' }>) => void;
  /** Somebody said something: the caller, or the model. */
  readonly spoke: (type: string) => void;
  /** Fewer reports may be owed than before. */
  readonly progressed: () => void;
}

/** Makes the tap. */
export function meterTap(parts: MeterTapParts): FrameTap {
  const { observer } = parts;

  const keep = async (events: readonly UsageEvent[], verdict: FrameVerdict): Promise<FrameVerdict> => {
    for (const event of events) {
      try {
        await parts.journal(event);
      } catch (error) {
        parts.unmetered(event, error instanceof Error ? error : new Error(String(error)));
        return 'drop';
      }
      parts.metered(event);
    }
    return verdict;
  };

  const eventsOf = (facts: readonly SessionFact[]): UsageEvent[] => {
    const events: UsageEvent[] = [];
    for (const fact of facts) {
      if (fact.kind === 'session_expired') parts.expired();
      if (fact.kind === 'turn_began') parts.turnBegan(fact.turnId);
      if (fact.kind === 'event_refused') parts.eventRefused(fact.eventId, fact.wasQuestion);
      if (fact.kind === 'throttled') parts.throttled(fact);
      if (fact.kind === 'report_owed') parts.owed(fact.owed);
      if (fact.kind === 'nothing_owed') parts.nothingOwed(fact.owed);
      if (fact.kind === 'report_missing') events.push(parts.estimateOf(fact.owed));
      if (fact.kind !== 'usage_reported') continue;
      const { report, evidence } = fact;
      events.push(usageEvent(report, { ...parts.context, occurredAtMs: parts.nowMs(), evidence }));
    }
    return events;
  };

  return {
    interest: (type, bytes): Interest => (type === BINARY_TYPE ? 'pass' : observer.interest(type, bytes)),
    noted: (type, bytes) => {
      observer.noted(type, bytes);
      // A response that runs is owed and so in use; its many deltas need not say it again.
      if (!type.endsWith('.delta')) parts.spoke(type);
    },
    message: (type, payload) => {
      if (TURN.test(type)) parts.spoke(type);
      const { facts, forward, instead } = observer.read(payload);
      const events = eventsOf(facts);
      parts.progressed();
      const verdict = instead ? { replace: instead } : forward ? 'forward' : 'drop';
      return events.length === 0 ? verdict : keep(events, verdict);
    },
  };
}
