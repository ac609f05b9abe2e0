// What a dialect tells the gateway about a session, read out of the vendor's own events. One observer lives as long as
// one session and sees the upstream's messages in order. It never waits; what to do about a
// fact (journal it, end the session) is the caller's business.
import type { Evidence, OwedReport, UsageReport } from '@trunkline/metering';

/**
 * How closely the observer wants to look at messages of a type: `pass` not at all, `note` it needs to know that one went
 * by, `hold` it must read the message before it is forwarded.
 */
export type Interest = 'pass' | 'note' | 'hold';

/** Something the upstream said that matters to metering or to the session's fate. */
export type SessionFact =
  /** The session as the upstream resolved it. */
  | { readonly kind: 'session_described'; readonly model: string | null }
  /** The model begins to answer: from here on a turn costs. Its report will name the same id. */
  | { readonly kind: 'turn_began'; readonly turnId: string }
  /** The upstream refused an event of the client. `wasQuestion`: one that asked for a turn, whatever its id. */
  | { readonly kind: 'event_refused'; readonly eventId: string | null; readonly wasQuestion: boolean }
  /** A report of use; must be durable before the message that carried it is forwarded. */
  | { readonly kind: 'usage_reported'; readonly report: UsageReport; readonly evidence: Evidence }
  /** A use began whose report is still to come. */
  | { readonly kind: 'report_owed'; readonly owed: OwedReport }
  /** A report that was owed will not come, or came without anything in it: what was seen has to stand in for it. */
  | { readonly kind: 'report_missing'; readonly owed: OwedReport }
  /** A report that was owed will not come and nothing was used. */
  | { readonly kind: 'nothing_owed'; readonly owed: OwedReport }
  /** The account has no room for more, by the upstream's own word, for so many milliseconds; `model`: for that model. */
  | {
      readonly kind: 'throttled';
      readonly forMs: number;
      readonly source: 'headroom' | 'response';
      readonly model: string | null;
    }
  /** The upstream will close the session now because it reached its maximum age. */
  | { readonly kind: 'session_expired' };

/** A tenant's own limit of tokens a minute. */
export interface OwnTokens {
  readonly max: number;
  readonly used: number;
  /** Milliseconds until none of it is used any more. */
  readonly resetMs: number;
}

/** The result of reading one held message. `forward: false` keeps it from the client. */
export interface Observation {
  readonly facts: readonly SessionFact[];
  readonly forward: boolean;
  /** The payload to forward in place of a message that says what no tenant may see. */
  readonly instead?: Buffer;
}

/** A message of the client, as what it does is judged by. */
export interface ClientEvent {
  /** What may go upstream for it: what was read, and nothing that somebody else could read instead. The message itself where that is so. */
  readonly plain: Buffer;
  /** Null: it asks for no turn. */
  readonly question: { readonly eventId: string | null } | null;
}

/** Reads one session's upstream events. Bounded memory; tolerant of unknown events, which it forwards. */
export interface SessionObserver {
  /**
   * The interest in an event type; `unknown` is a message whose type could not be told without parsing.
   * @param bytes the size of the message, as announced.
   */
  interest(type: string, bytes: number): Interest;
  /** A noted message went by; `bytes` is its size. Called for every audio delta: it must not allocate. */
  noted(type: string, bytes: number): void;
  /** The interest in the client's messages, where turns must not begin unasked: only `pass` and `hold`. */
  clientInterest(type: string): Interest;
  /** Reads a held message of the client. */
  readQuestion(payload: Buffer): ClientEvent;
  /** Reads a held message. */
  read(payload: Buffer): Observation;
  /** Whether the upstream detects by itself when somebody speaks; false until it has said so. */
  readonly detectsTurns: boolean;
  /** Reports of use that the upstream still owes: responses in progress and transcriptions under way. */
  reportsOwed(): number;
  /** The same with what was seen of each so far. */
  owed(): readonly OwedReport[];
  /** The client event that stops a running response, so that spending ends. */
  readonly stopSpending: string;
  /** A client event that does nothing, and that the upstream answers when it has read all that was sent before it. */
  readonly fence: string;
  /** Whether the fence was answered: what a client had asked for until then has begun, or never will. */
  readonly isFenced: boolean;
  /** The client event that stops this turn and no other. */
  cancelTurn(turnId: string): string;
}
