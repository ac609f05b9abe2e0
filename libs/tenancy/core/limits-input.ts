// What administrators may set as a tenant's limits. Each message says what is allowed and in which unit; amounts are
// decimal strings, since a JSON number is a float to most writers and a budget of 0.1 would be another one.
import { parseAmount, ZERO } from '@trunkline/kernel';
import { z } from 'zod';

// A client, a proxy or a load balancer gives up on a handshake well before.
const WAIT_MS_MAX = 120_000;
const GRACE_MS_MAX = 60_000;
const DAY_MS = 86_400_000;
// Under this a pause for breath would count as silence, and a session could end before its first turn.
const IDLE_MS_MIN = 5_000;
const SESSION_MS_MIN = 10_000;
const SESSIONS_PER_MINUTE_MAX = 1_000_000;
const TOKENS_PER_MINUTE_MAX = 1_000_000_000;

/** A change of a tenant's limits; what is not named stays, null takes a limit away. */
export const TenantLimitsInput = z.strictObject({
  waitMsMax: whole(0, WAIT_MS_MAX, 'waitMsMax', 'milliseconds; 0 refuses at once').optional(),
  reconnectGraceMs: whole(0, GRACE_MS_MAX, 'reconnectGraceMs', 'milliseconds').optional(),
  idleReclaimMs: wholeOrNone(IDLE_MS_MIN, DAY_MS, 'idleReclaimMs', 'milliseconds').optional(),
  sessionMsMax: wholeOrNone(SESSION_MS_MIN, DAY_MS, 'sessionMsMax', 'milliseconds').optional(),
  sessionsPerMinuteMax: wholeOrNone(1, SESSIONS_PER_MINUTE_MAX, 'sessionsPerMinuteMax', 'new sessions').optional(),
  tokensPerMinuteMax: wholeOrNone(1, TOKENS_PER_MINUTE_MAX, 'tokensPerMinuteMax', 'tokens').optional(),
  spendSessionMax: spend('spendSessionMax').optional(),
  spendDayMax: spend('spendDayMax').optional(),
  spendMonthMax: spend('spendMonthMax').optional(),
  overBudget: z
    .enum(['finish_turn', 'block_turns', 'cut'], 'overBudget must be "finish_turn", "block_turns" or "cut"')
    .optional(),
  billEstimates: z.enum(['bill', 'do_not_bill'], 'billEstimates must be "bill" or "do_not_bill"').optional(),
});

/** What callers pass, before it is checked. */
export type TenantLimitsRequest = z.input<typeof TenantLimitsInput>;

function whole(min: number, max: number, name: string, unit: string) {
  return bounded(min, max, `${name} must be a whole number from ${min} to ${max} (${unit})`);
}

function wholeOrNone(min: number, max: number, name: string, unit: string) {
  return bounded(
    min,
    max,
    `${name} must be a whole number from ${min} to ${max} (${unit}), or null for none`,
  ).nullable();
}

function bounded(min: number, max: number, problem: string) {
  return z.number(problem).int(problem).min(min, problem).max(max, problem);
}

function spend(name: string) {
  const problem = `${name} must be an amount in US dollars above 0 as a decimal such as "5" or "0.25", or null for none`;
  return z
    .string(problem)
    .transform((text, context) => {
      const amount = parseAmount(text);
      if (amount !== null && amount > ZERO) return amount;
      context.addIssue(problem);
      return z.NEVER;
    })
    .nullable();
}
