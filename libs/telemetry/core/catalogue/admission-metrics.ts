// Who is let in: lines, pools and the line of those who wait.
import { NO_LABELS, type MetricSpec } from './metric-spec.js';
import { pool, REFUSALS } from './shared-labels.js';

const ADMISSION_REASONS = [
  'admitted',
  'key_limit',
  'tenant_limit',
  'rate_limit',
  'pool_limit',
  'headroom',
  'abandoned',
  'policy_changed',
  'recovering',
  'unavailable',
];

// What may happen between a line and the session on it.
const AFTER_THE_LINE = ['dial_failed', 'budget_exceeded', 'not_confirmed'];

const ADMISSION_WAIT = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120];

/** Its part of the catalogue. */
export const ADMISSION_METRICS = {
  admission: {
    kind: 'counter',
    name: 'trunkline_admission_total',
    help: 'Requests for a line, by outcome: admitted (the dial comes after), or the limit or condition that refused.',
    labels: [{ name: 'outcome', values: ADMISSION_REASONS }],
  },
  poolTries: {
    kind: 'counter',
    name: 'trunkline_pool_tries_total',
    help: 'Pools tried for a call: its first, one fallen over to, or each in whose line it stood and which had none; admitted: a session was opened.',
    labels: [
      pool,
      { name: 'turn', values: ['first', 'fallback', 'wait'] },
      { name: 'outcome', values: [...ADMISSION_REASONS, ...AFTER_THE_LINE] },
    ],
  },
  admissionWait: {
    kind: 'histogram',
    name: 'trunkline_admission_wait_seconds',
    help: 'From asking a pool for a line to its answer, standing in line included.',
    labels: [{ name: 'outcome', values: ['admitted', 'refused'] }],
    buckets: ADMISSION_WAIT,
  },
  waiting: {
    kind: 'gauge',
    name: 'trunkline_waiting_calls',
    help: 'Calls of this process that stand in line for a free one.',
    labels: NO_LABELS,
  },
  // Of this process only: how the pools stand is for the worker to say (`pool-metrics.ts`).
  linesHeld: {
    kind: 'gauge',
    name: 'trunkline_lines_held',
    help: 'Lines that this process holds and renews. For long above trunkline_sessions_active: lines without a session.',
    labels: NO_LABELS,
  },
  poolPaused: {
    kind: 'counter',
    name: 'trunkline_pool_pauses_total',
    help: 'Times that an upstream said it has no room, by how it said so.',
    labels: [pool, { name: 'source', values: ['dial', 'headroom', 'response'] }],
  },
  linesReclaimed: {
    kind: 'counter',
    name: 'trunkline_lines_reclaimed_total',
    help: 'Idle sessions that were ended because somebody else waited for the line.',
    labels: NO_LABELS,
  },
  leaseRenew: {
    kind: 'counter',
    name: 'trunkline_lease_renew_total',
    help: 'Renewals of this process\u2019s leases (one batch each).',
    labels: [{ name: 'result', values: ['ok', 'failed'] }],
  },
  leaseLost: {
    kind: 'counter',
    name: 'trunkline_lease_lost_total',
    help: 'Lines that were lost while their session was open.',
    labels: NO_LABELS,
  },
  refusedCallsUnrecorded: {
    kind: 'counter',
    name: 'trunkline_refused_calls_unrecorded_total',
    help: 'Refused calls that a what-if will not know of: of very many kinds at once, or the journal keeps its room for usage.',
    labels: [{ name: 'why', values: ['too_many_kinds', 'journal_pressure'] }],
  },
  upstreamErrors: {
    kind: 'counter',
    name: 'trunkline_upstream_errors_total',
    help: 'Failed dials by pool and code.',
    labels: [pool, { name: 'code', values: REFUSALS }],
  },
} as const satisfies Record<string, MetricSpec>;
