// The words of a spent budget, as refusals before the upgrade and as error events inside a session. A tenant's own limits
// may be named; amounts are not, because whoever holds a key need not know the tenant's contract.
import { toOpenAiError, type Refusal } from '@trunkline/kernel';
import { nextStartMs, type BudgetDenial, type SpendPeriod } from '@trunkline/admission';
import { errorEvent, type EndCause } from '@trunkline/realtime';

/** Why a turn was blocked. The session's own limit is counted in its process, the others in the store. */
export type TurnDenial = BudgetDenial | { readonly kind: 'spent' | 'held'; readonly period: 'session' };

const RETRY_MIN_MS = 1_000;
// A reservation is settled when its turn ends: within seconds.
const HELD_RETRY_MS = 2_000;

/** The refusal of a new turn, or of a new session. @param nowMs Unix milliseconds: says when a new day or month begins. */
export function refusalOf(denial: TurnDenial, what: 'turn' | 'session', nowMs: number): Refusal {
  switch (denial.kind) {
    case 'spent':
      return { code: 'budget_exceeded', message: `${SPENT[denial.period]} ${ASK}`, ...untilNext(denial.period, nowMs) };
    case 'held':
      return {
        code: 'budget_exceeded',
        message: `What is left of the spending limit of this ${denial.period} is reserved for turns under way. Try again shortly.`,
        retryAfterMs: HELD_RETRY_MS,
      };
    case 'tokens': {
      const retryAfterMs = Math.max(RETRY_MIN_MS, denial.retryAfterMs);
      const message = `Your tenant's limit of tokens per minute is reached (${denial.used} used). No ${what} can begin now: try again in ${Math.ceil(retryAfterMs / 1000)} s.`;
      return { code: 'concurrency_limit_exceeded', message, retryAfterMs };
    }
  }
}

// A session's own limit has no next period.
function untilNext(period: 'session' | SpendPeriod, nowMs: number): { readonly retryAfterMs?: number } {
  return period === 'session' ? {} : { retryAfterMs: nextStartMs(period, nowMs) - nowMs };
}

/** Which turn, and when. */
export interface BlockedTurn {
  /** A name for the event that no other of the session has. */
  readonly name: string;
  /** Of the client's question. */
  readonly clientEventId: string | null;
  /** Unix milliseconds. */
  readonly nowMs: number;
}

/** The event that tells a client that its turn is cancelled, or will not begin; OpenAI's shape, so that SDKs raise it. */
export function turnBlockedEvent(denial: TurnDenial, { name, clientEventId, nowMs }: BlockedTurn): string {
  return errorEvent(toOpenAiError(refusalOf(denial, 'turn', nowMs)), `event_blocked_${name}`, clientEventId);
}

/** The event that warns an app that its session ends after so many more turns that are denied. */
export function turnsEndingEvent(sessionId: string, reason: EndCause, turnsLeft: number): string {
  const event_id = `event_ending_turns_${sessionId}`;
  return JSON.stringify({ type: 'trunkline.session.ending', event_id, reason, ends_after_denied_turns: turnsLeft });
}

const ASK = 'Ask your administrator to raise it.';
const SPENT = {
  session: 'The spending limit of this session is reached.',
  day: "Your tenant's spending limit of this day is reached; a new day begins at midnight UTC.",
  month: "Your tenant's spending limit of this month is reached; a new month begins at midnight UTC.",
} as const;
