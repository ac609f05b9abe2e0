// What hooks of moderation policies find, and the queue of those who look after them.
import { NO_LABELS, type MetricSpec } from './metric-spec.js';

const MODERATION_HOOKS = ['terms', 'patterns', 'personal_data', 'openai', 'webhook', 'composite'];
/** A caller notices half a second; a policy's deadline is ten at most. */
const ANSWER_HELD = [0.05, 0.1, 0.2, 0.3, 0.5, 0.75, 1, 1.5, 2, 3, 5, 10];

/** Its part of the catalogue. */
export const MODERATION_METRICS = {
  moderationVerdicts: {
    kind: 'counter',
    name: 'trunkline_moderation_verdicts_total',
    help: 'Verdicts of hooks, by the kind of hook, what they led to (`pass`: to nothing), and whether that was done or only counted.',
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
  moderationDropped: {
    kind: 'counter',
    name: 'trunkline_moderation_dropped_total',
    help: 'Messages that were held back when their session ended and not let out: what they said had no verdict yet.',
    labels: NO_LABELS,
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
} as const satisfies Record<string, MetricSpec>;
