// Every metric that Trunkline exports, in one place: name, meaning, labels and their closed value lists, buckets. A label
// value outside its list becomes `other`, so the number of series is bounded by this file whatever strangers send; no
// key, session, user, raw model name or URL is ever a label (Prometheus's own rule: label values stay below about ten).
// Names follow Prometheus: one prefix, base units, `_total` for counters. Dimensions of tokens follow OpenTelemetry's
// gen_ai ones (modality, direction, cache). To add a metric, add one entry.

/** A label and the values it may take; anything else is counted under `other`. */
export interface LabelSpec {
  readonly name: string;
  readonly values: readonly string[];
}

interface MetricBase {
  readonly name: string;
  readonly help: string;
  readonly labels: readonly LabelSpec[];
}

/** One metric of the catalogue. Buckets are upper bounds in the metric's unit. */
export type MetricSpec =
  | (MetricBase & { readonly kind: 'counter' | 'gauge' })
  | (MetricBase & { readonly kind: 'histogram'; readonly buckets: readonly number[] });

/** The value that stands for everything outside a label's list. */
export const OTHER = 'other';

/** A caller notices half a second; a policy's deadline is ten at most. */
const ANSWER_HELD = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10];

const MODEL_FAMILIES = [
  'gpt-4o-realtime-preview',
  'gpt-4o-mini-realtime-preview',
  'gpt-realtime',
  'gpt-realtime-mini',
  'gpt-realtime-1.5',
  'gpt-realtime-2',
  'gpt-realtime-2.1',
  'gpt-realtime-2.1-mini',
  'gpt-4o-transcribe',
  'gpt-4o-mini-transcribe',
  'gpt-transcribe',
  'gpt-realtime-whisper',
  'gpt-live-transcribe',
  'whisper-1',
  'transcription',
];
const modelFamily = { name: 'model_family', values: MODEL_FAMILIES } as const satisfies LabelSpec;
const transport = { name: 'transport', values: ['websocket'] } as const satisfies LabelSpec;
const direction = { name: 'direction', values: ['from_client', 'from_upstream'] } as const satisfies LabelSpec;

const END_CAUSES = [
  'client_closed',
  'client_lost',
  'client_protocol_error',
  'message_too_large',
  'slow_client',
  'idle_timeout',
  'max_duration',
  'upstream_closed',
  'upstream_lost',
  'upstream_expired',
  'upstream_protocol_error',
  'slow_upstream',
  'key_revoked',
  'tenant_suspended',
  'ended_by_admin',
  'line_reclaimed',
  'moderation',
  'budget_exceeded',
  'turns_denied',
  'lease_lost',
  'metering_unavailable',
  'gateway_lost',
  'draining',
  'internal_error',
];
const MODERATION_HOOKS = ['terms', 'patterns', 'personal_data', 'openai', 'webhook', 'composite'];
const REFUSALS = [
  'invalid_request',
  'conflicting_credentials',
  'missing_model',
  'beta_api_shape_disabled',
  'invalid_api_key',
  'origin_not_allowed',
  'tenant_suspended',
  'end_user_refused',
  'model_not_found',
  'not_found',
  'method_not_allowed',
  'upgrade_required',
  'concurrency_limit_exceeded',
  'budget_exceeded',
  'upstream_refused',
  'upstream_unreachable',
  'upstream_tls_invalid',
  'upstream_capacity',
  'upstream_timeout',
  'admission_unavailable',
  'metering_unavailable',
  'draining',
  'internal_error',
];
const ADMISSION_REASONS = [
  'admitted',
  'key_limit',
  'tenant_limit',
  'rate_limit',
  'pool_limit',
  'headroom',
  'abandoned',
  'policy_changed',
  'policy_changed',
  'recovering',
  'unavailable',
];

// Seconds. Relay delay needs resolution under a millisecond; a conversation's turn gap is 0.2 to 0.8 s.
const RELAY_DELAY = [0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25];
const CONNECT = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10];
const ADMISSION_WAIT = [0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.5, 1, 2.5, 5, 10, 30, 60, 120];
const SESSION_DURATION = [5, 15, 30, 60, 120, 300, 600, 1200, 1800, 2700, 3600, 7200];
const JOURNAL_WAIT = [0.00025, 0.0005, 0.001, 0.002, 0.003, 0.004, 0.005, 0.0075, 0.01, 0.025, 0.05, 0.1, 1];

const NO_LABELS = [] as const satisfies readonly LabelSpec[];

/** The catalogue. */
export const METRICS = {
  sessionsActive: {
    kind: 'gauge',
    name: 'trunkline_sessions_active',
    help: 'Sessions open in this process.',
    labels: [transport, modelFamily],
  },
  sessionDuration: {
    kind: 'histogram',
    name: 'trunkline_session_duration_seconds',
    help: 'How long ended sessions lasted.',
    labels: [transport],
    buckets: SESSION_DURATION,
  },
  sessionEnd: {
    kind: 'counter',
    name: 'trunkline_session_end_total',
    help: 'Ended sessions by their one end cause.',
    labels: [{ name: 'cause', values: END_CAUSES }],
  },
  admission: {
    kind: 'counter',
    name: 'trunkline_admission_total',
    help: 'Requests for a line, by outcome: admitted, or the limit or condition that refused.',
    labels: [{ name: 'outcome', values: ADMISSION_REASONS }],
  },
  poolTries: {
    kind: 'counter',
    name: 'trunkline_pool_tries_total',
    help: 'Pools asked for a line: the first of a call, one fallen over to, or the one in whose line the call stood.',
    labels: [
      { name: 'turn', values: ['first', 'fallback', 'wait'] },
      { name: 'outcome', values: ADMISSION_REASONS },
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
  // Of this process only. A pool would be a label without a bound, and reading one costs the store a walk over all lines:
  // the admin API and `cli pool status` tell how pools stand.
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
    labels: [{ name: 'source', values: ['dial', 'headroom', 'response'] }],
  },
  linesReclaimed: {
    kind: 'counter',
    name: 'trunkline_lines_reclaimed_total',
    help: 'Idle sessions that were ended because somebody else waited for the line.',
    labels: NO_LABELS,
  },
  moderationVerdicts: {
    kind: 'counter',
    name: 'trunkline_moderation_verdicts_total',
    help: 'What hooks found, by the kind of hook, what it led to, and whether that was done or only counted.',
    labels: [
      { name: 'hook', values: MODERATION_HOOKS },
      { name: 'action', values: ['pass', 'flag', 'redact', 'block', 'end'] },
      { name: 'mode', values: ['enforced', 'dry_run'] },
    ],
  },
  moderationFailures: {
    kind: 'counter',
    name: 'trunkline_moderation_failures_total',
    help: 'Times that a hook gave no verdict, by the kind of hook and why.',
    labels: [
      { name: 'hook', values: MODERATION_HOOKS },
      { name: 'failure', values: ['late', 'failed', 'resting', 'busy'] },
    ],
  },
  moderationAnswerHeld: {
    kind: 'histogram',
    name: 'trunkline_moderation_answer_held_seconds',
    help: 'From the end of a turn, or a question of an app, until the answer that waited for verdicts was asked for.',
    labels: NO_LABELS,
    buckets: ANSWER_HELD,
  },
  moderationUnjudged: {
    kind: 'counter',
    name: 'trunkline_moderation_unjudged_total',
    help: 'What callers said that answers waited for and that had no verdict in time, by why and what became of it.',
    labels: [
      { name: 'reason', values: ['not_transcribed', 'transcription_failed', 'late'] },
      { name: 'result', values: ['blocked', 'let_through'] },
    ],
  },
  moderationUnrecorded: {
    kind: 'counter',
    name: 'trunkline_moderation_unrecorded_total',
    help: 'Findings that are not in the journal: a session had very many, or its last room is kept for usage.',
    labels: [{ name: 'why', values: ['session_limit', 'journal_pressure'] }],
  },
  reviewItems: {
    kind: 'gauge',
    name: 'trunkline_review_items',
    help: 'Items of the review queue that wait for a decision, with somebody assigned or not.',
    labels: [{ name: 'state', values: ['open', 'assigned'] }],
  },
  reviewOldest: {
    kind: 'gauge',
    name: 'trunkline_review_oldest_seconds',
    help: 'Age of the oldest item of the review queue that waits for a decision; 0 when none does.',
    labels: NO_LABELS,
  },
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
  handshake: {
    kind: 'counter',
    name: 'trunkline_handshake_total',
    help: 'Answered upgrade requests: accepted, or the error code they were refused with.',
    labels: [{ name: 'result', values: ['accepted', ...REFUSALS] }],
  },
  connectDuration: {
    kind: 'histogram',
    name: 'trunkline_connect_duration_seconds',
    help: 'From the upgrade request to its answer, the dial included.',
    labels: [{ name: 'result', values: ['accepted', 'refused'] }],
    buckets: CONNECT,
  },
  relayDelay: {
    kind: 'histogram',
    name: 'trunkline_relay_delay_seconds',
    help: 'Time the relay keeps bytes, sampled (about one chunk in 64).',
    labels: [direction],
    buckets: RELAY_DELAY,
  },
  frames: {
    kind: 'counter',
    name: 'trunkline_frames_total',
    help: 'WebSocket frames read, by their sender; counted when a session ends and every few seconds while it lasts.',
    labels: [direction],
  },
  frameBytes: {
    kind: 'counter',
    name: 'trunkline_frame_bytes_total',
    help: 'Bytes read, frame headers included, by their sender.',
    labels: [direction],
  },
  sendBuffer: {
    kind: 'gauge',
    name: 'trunkline_send_buffer_peak_bytes',
    help: 'The most bytes that one session has had waiting for a slow receiver, over the open sessions.',
    labels: [direction],
  },
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
  reconcileRuns: {
    kind: 'counter',
    name: 'trunkline_reconcile_runs_total',
    help: "Days compared with the vendor's books. Alarming: above 0.5 % and 1 USD unexplained, or foreign use.",
    labels: [{ name: 'result', values: ['agreed', 'alarming', 'failed'] }],
  },
  foreignUse: {
    kind: 'counter',
    name: 'trunkline_foreign_use_total',
    help: 'Meters of a day of which the vendor counts use that never went through us. A security alarm.',
    labels: NO_LABELS,
  },
  reconcileLast: {
    kind: 'gauge',
    name: 'trunkline_reconcile_last_timestamp_seconds',
    help: "When a day was last compared with the vendor's books.",
    labels: NO_LABELS,
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
    help: 'Steps of closing a month that were refused over the API, by step.',
    labels: [{ name: 'step', values: ['soft_close', 'ask', 'approve', 'single_person'] }],
  },
  usageWaiting: {
    kind: 'gauge',
    name: 'trunkline_usage_waiting',
    help: 'Usage events that wait for a price (unrated) or for a person (parked). The worker reports it.',
    labels: [{ name: 'state', values: ['unrated', 'parked'] }],
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
  upstreamErrors: {
    kind: 'counter',
    name: 'trunkline_upstream_errors_total',
    help: 'Failed dials by code.',
    labels: [{ name: 'code', values: REFUSALS }],
  },
  policyAge: {
    kind: 'gauge',
    name: 'trunkline_policy_age_seconds',
    help: 'Time since the policy snapshot was last known to be current.',
    labels: NO_LABELS,
  },
  draining: {
    kind: 'gauge',
    name: 'trunkline_draining',
    help: '1 while this process lets nobody new in because it is stopping.',
    labels: NO_LABELS,
  },
  buildInfo: {
    kind: 'gauge',
    name: 'trunkline_build_info',
    help: 'Always 1; the labels say what runs.',
    labels: [{ name: 'node_major', values: ['20', '21', '22', '23', '24', '25', '26'] }],
  },
} as const satisfies Record<string, MetricSpec>;

/** The name by which code refers to a metric. */
export type MetricKey = keyof typeof METRICS;

/** The label names of a metric. */
export type LabelsOf<K extends MetricKey> = (typeof METRICS)[K]['labels'][number]['name'];

/** The label value to record: the given one when it is in the list, `other` when not. */
export function boundedLabel(spec: LabelSpec, value: string): string {
  return spec.values.includes(value) ? value : OTHER;
}

/** The most series that this catalogue can ever export, histogram buckets counted. */
export function seriesMax(): number {
  return Object.values<MetricSpec>(METRICS).reduce((sum, metric) => {
    const combinations = metric.labels.reduce((product, label) => product * (label.values.length + 1), 1);
    return sum + combinations * (metric.kind === 'histogram' ? metric.buckets.length + 3 : 1);
  }, 0);
}
