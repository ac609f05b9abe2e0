// Rating, months and the vendor's books. Gauges are of the whole installation: the worker reports them.
import { NO_LABELS, type MetricSpec } from './metric-spec.js';
import { POOLS_MAX } from './shared-labels.js';

/** Its part of the catalogue. */
export const BOOKS_METRICS = {
  reconcileRuns: {
    kind: 'counter',
    name: 'trunkline_reconcile_runs_total',
    help: "Days that this worker compared with the vendor's books, on schedule. Alarming: above 0.5 % and 1 USD unexplained, or foreign use.",
    labels: [{ name: 'result', values: ['agreed', 'alarming', 'failed'] }],
  },
  foreignUse: {
    kind: 'counter',
    name: 'trunkline_foreign_use_total',
    help: 'Meters of a day of which the vendor counts use that never went through us. A security alarm.',
    labels: NO_LABELS,
  },
  reconcileLast: {
    kind: 'table',
    name: 'trunkline_reconcile_last_timestamp_seconds',
    help: "When a pool whose vendor's books can be read was last compared with them: take max() by (pool). No series: never, or they cannot be read.",
    labels: [{ name: 'pool' }],
    seriesMax: POOLS_MAX,
  },
  exportTries: {
    kind: 'counter',
    name: 'trunkline_export_tries_total',
    help: 'Exports made (run) and brought to where their schedule says (delivery), each try of this worker.',
    labels: [
      { name: 'what', values: ['run', 'delivery'] },
      { name: 'result', values: ['done', 'failed'] },
    ],
  },
  exportTrouble: {
    kind: 'gauge',
    name: 'trunkline_exports_in_trouble',
    help: 'Exports and deliveries that failed: retrying by themselves, or (failed, of the last week) waiting for a person: see `cli export list`. Every worker tells all of them: take max().',
    labels: [
      { name: 'what', values: ['run', 'delivery'] },
      { name: 'state', values: ['retrying', 'failed'] },
    ],
  },
  ledgerLag: {
    kind: 'gauge',
    name: 'trunkline_ledger_lag_seconds',
    help: 'Age of the oldest usage event in the database that is not rated yet. The worker reports it.',
    labels: NO_LABELS,
  },
  periodsOverdue: {
    kind: 'gauge',
    name: 'trunkline_periods_overdue',
    help: 'Months of tenants that are over and not closed, by what was done about them. The worker reports it.',
    labels: [{ name: 'state', values: ['open', 'soft_closed', 'close_asked'] }],
  },
  periodOldestAge: {
    kind: 'gauge',
    name: 'trunkline_period_oldest_age_seconds',
    help: 'Time since the end of the oldest month that is not closed; 0 when there is none. The worker reports it.',
    labels: NO_LABELS,
  },
  periodCloseRefused: {
    kind: 'counter',
    name: 'trunkline_period_close_refused_total',
    help: 'Steps of closing a month that were refused, over the API or by the command line, as the table has them. Every worker tells all of them: take max(), not sum().',
    labels: [{ name: 'step', values: ['soft_close', 'ask', 'approve', 'single_person'] }],
  },
  usageWaiting: {
    kind: 'gauge',
    name: 'trunkline_usage_waiting',
    help: 'Usage events that wait for a price (unrated) or for a person (parked). The worker reports it.',
    labels: [{ name: 'state', values: ['unrated', 'parked'] }],
  },
} as const satisfies Record<string, MetricSpec>;
