// What administrators may set as a tenant's limits. Each message says what is allowed and in which unit; amounts are
// decimal strings, since a JSON number is a float to most writers and a budget of 0.1 would be another one.
import { parseAmount, ZERO } from '@trunkline/kernel';
import { z } from 'zod';

const DAY_MS = 86_400_000;

/** What each number may be, for whoever asks for it in words and units of its own. */
export const LIMIT_BOUNDS = {
  // A client, a proxy or a load balancer gives up on a handshake well before.
  waitMsMax: { min: 0, max: 120_000 },
  reconnectGraceMs: { min: 0, max: 60_000 },
  // Under this a pause for breath would count as silence, and a session could end before its first turn.
  idleReclaimMs: { min: 5_000, max: DAY_MS },
  sessionMsMax: { min: 10_000, max: DAY_MS },
  sessionsPerMinuteMax: { min: 1, max: 1_000_000 },
  tokensPerMinuteMax: { min: 1, max: 1_000_000_000 },
} as const;

/** A change of a tenant's limits; what is not named stays, null takes a limit away. */
export const TenantLimitsInput = z.strictObject({
  waitMsMax: whole('waitMsMax', 'milliseconds; 0 refuses at once').optional(),
  reconnectGraceMs: whole('reconnectGraceMs', 'milliseconds').optional(),
  idleReclaimMs: wholeOrNone('idleReclaimMs', 'milliseconds').optional(),
  sessionMsMax: wholeOrNone('sessionMsMax', 'milliseconds').optional(),
  sessionsPerMinuteMax: wholeOrNone('sessionsPerMinuteMax', 'new sessions').optional(),
  tokensPerMinuteMax: wholeOrNone('tokensPerMinuteMax', 'tokens').optional(),
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

function whole(name: keyof typeof LIMIT_BOUNDS, unit: string) {
  const { min, max } = LIMIT_BOUNDS[name];
  return bounded(min, max, `${name} must be a whole number from ${min} to ${max} (${unit})`);
}

function wholeOrNone(name: keyof typeof LIMIT_BOUNDS, unit: string) {
  const { min, max } = LIMIT_BOUNDS[name];
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
