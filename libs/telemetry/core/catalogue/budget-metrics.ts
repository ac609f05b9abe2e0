// Spending limits and what became of turns that they stopped.
import type { MetricSpec } from './metric-spec.js';

/** Its part of the catalogue. */
export const BUDGET_METRICS = {
  budgetThresholds: {
    kind: 'counter',
    name: 'trunkline_budget_thresholds_total',
    help: 'Times that a spending limit was used to so many percent for the first time in its period.',
    labels: [
      { name: 'period', values: ['session', 'day', 'month'] },
      { name: 'percent', values: ['50', '80', '100'] },
    ],
  },
  turnsBlocked: {
    kind: 'counter',
    name: 'trunkline_turns_blocked_total',
    help: 'Turns kept from the vendor, or cancelled as they began: a limit is spent, its rest is reserved, or tokens a minute.',
    labels: [
      { name: 'reason', values: ['spent', 'held', 'tokens'] },
      { name: 'stage', values: ['before', 'begun'] },
    ],
  },
  blockedTurnCost: {
    kind: 'counter',
    name: 'trunkline_blocked_turn_cost_usd_total',
    help: 'US dollars, as the tenant is charged, that turns cost which were cancelled as they began.',
    labels: [],
  },
  budgetUnavailable: {
    kind: 'counter',
    name: 'trunkline_budget_unavailable_total',
    help: 'Questions about budgets that the store or the record of spending did not answer; the call went on.',
    labels: [{ name: 'what', values: ['store', 'records'] }],
  },
} as const satisfies Record<string, MetricSpec>;
