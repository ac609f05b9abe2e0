// What a tenant may do beyond how many sessions it may hold: wait, come back, stay, spend. Facts of policy only;
// admission, the relay and the budget act on them. Null is always "no limit of its own", never zero.
import type { AmountPico } from '@trunkline/kernel';

/**
 * What happens at the end of a budget: the turn under way may finish and then the session ends; no new turn begins but
 * the session stays; or the session ends at once.
 */
export type OverBudget = 'finish_turn' | 'block_turns' | 'cut';

/** `do_not_bill`: the vendor's cost is booked, the tenant is charged nothing, and reports say so. */
export type BillEstimates = 'bill' | 'do_not_bill';

/** Limits of a tenant, over all its keys and pools. */
export interface TenantLimits {
  /** How long a handshake may wait for a line, in milliseconds; 0: it is refused at once. */
  readonly waitMsMax: number;
  /** How long a line is kept for the same key and session after its connection broke, in milliseconds. */
  readonly reconnectGraceMs: number;
  /** A session that said nothing for so long may be ended when, and only when, somebody else waits for its line. */
  readonly idleReclaimMs: number | null;
  /** How long one session may last, in milliseconds. */
  readonly sessionMsMax: number | null;
  /** New sessions in any minute. */
  readonly sessionsPerMinuteMax: number | null;
  readonly tokensPerMinuteMax: number | null;
  /** US dollars in one session, in one day and in one calendar month (UTC), as the tenant is charged. */
  readonly spendSessionMax: AmountPico | null;
  readonly spendDayMax: AmountPico | null;
  readonly spendMonthMax: AmountPico | null;
  readonly overBudget: OverBudget;
  /** Whether it pays for use that the vendor never reported and we estimated. */
  readonly billEstimates: BillEstimates;
}

/** What holds for a tenant of whom nothing else was said. The columns of the database have the same defaults. */
export const DEFAULT_LIMITS: TenantLimits = Object.freeze({
  waitMsMax: 0,
  // An app that reconnects after a broken network or a rotated socket needs a second or two; longer would waste lines.
  reconnectGraceMs: 2_000,
  idleReclaimMs: null,
  sessionMsMax: null,
  sessionsPerMinuteMax: null,
  tokensPerMinuteMax: null,
  spendSessionMax: null,
  spendDayMax: null,
  spendMonthMax: null,
  overBudget: 'finish_turn',
  billEstimates: 'bill',
});
