// What was used, and the journal that it goes through. The books are in the ledger; these are for alerts.
import { NO_LABELS, type MetricSpec } from './metric-spec.js';
import { modelFamily } from './shared-labels.js';

const JOURNAL_WAIT = [0.00025, 0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 1];

/** Its part of the catalogue. */
export const USAGE_METRICS = {
  tokens: {
    kind: 'counter',
    name: 'trunkline_tokens_total',
    help: 'Metered tokens, disjoint: cached input is not part of uncached input.',
    labels: [
      modelFamily,
      { name: 'direction', values: ['input', 'output'] },
      { name: 'modality', values: ['text', 'audio', 'image'] },
      { name: 'cache', values: ['cached', 'uncached', 'none'] },
    ],
  },
  cost: {
    kind: 'counter',
    name: 'trunkline_cost_usd_total',
    help: 'Running cost in US dollars, for alerts. The books are in the ledger.',
    labels: [modelFamily],
  },
  usageParked: {
    kind: 'counter',
    name: 'trunkline_usage_parked_total',
    help: 'Usage reports that could not be read and wait for a person.',
    labels: [{ name: 'problem', values: ['usage_missing', 'sum_mismatch', 'unknown_shape', 'out_of_range'] }],
  },
  usageUnjournalled: {
    kind: 'gauge',
    name: 'trunkline_usage_unjournalled',
    help: 'Usage reports that the journal refused and that are offered to it again. Above zero: fix the disk.',
    labels: NO_LABELS,
  },
  usageMissing: {
    kind: 'counter',
    name: 'trunkline_usage_missing_total',
    help: 'Reports of usage that the upstream still owed when a session had ended, or left empty.',
    labels: NO_LABELS,
  },
  usageEstimated: {
    kind: 'counter',
    name: 'trunkline_usage_estimated_total',
    help: 'Estimates made in place of reports that did not come, by how far they can be trusted.',
    labels: [{ name: 'confidence', values: ['high', 'medium', 'low'] }],
  },
  usageLost: {
    kind: 'counter',
    name: 'trunkline_usage_lost_total',
    help: 'Usage reports that were given up. Must stay zero.',
    labels: NO_LABELS,
  },
  journalBytes: {
    kind: 'gauge',
    name: 'trunkline_journal_bytes',
    help: 'Bytes in the local journal that are not in the database yet.',
    labels: NO_LABELS,
  },
  journalFsync: {
    kind: 'histogram',
    name: 'trunkline_journal_fsync_seconds',
    help: 'One fsync of the local journal.',
    labels: NO_LABELS,
    buckets: JOURNAL_WAIT,
  },
  journalAppend: {
    kind: 'histogram',
    name: 'trunkline_journal_append_seconds',
    help: 'How long a usage-bearing frame waited until its usage was durable.',
    labels: NO_LABELS,
    buckets: JOURNAL_WAIT,
  },
  journalLag: {
    kind: 'gauge',
    name: 'trunkline_journal_lag_seconds',
    help: 'Age of the oldest record of this gateway that is not in the database yet.',
    labels: NO_LABELS,
  },
} as const satisfies Record<string, MetricSpec>;
