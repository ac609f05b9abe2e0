// The words of a refused admission. One place, because they are shown to tenants: a limit of theirs with its numbers, of
// the shared pool nothing but that it is full; where the call stands in its tenant's own line, and about how long that
// may take.
import type { Refusal } from '@trunkline/kernel';
import type { Denial } from './lease-store.js';

/** Why nobody was let in, for metrics and for the choice to try the next pool. A closed list. */
export type AdmissionReason =
  'key_limit' | 'tenant_limit' | 'rate_limit' | 'pool_limit' | 'headroom' | 'abandoned' | 'recovering' | 'unavailable';

/** A refusal for the client, with what only operators may see beside it. */
export interface AdmissionRefusal {
  readonly refusal: Refusal;
  readonly reason: AdmissionReason;
  /** It stood in line before. */
  readonly waited?: boolean;
  /** The numbers behind a limit. Private: for the pool they are everybody's. */
  readonly denial?: Denial;
  /** What broke, when `unavailable`. For the log. */
  readonly cause?: unknown;
}

// A line frees when a session ends, which nobody can foresee: come back within seconds.
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 5_000;
// An expected wait is told in whole seconds and never as more than this: nobody should plan with a guess.
const EXPECTED_MAX_S = 600;

/** The refusal for a denial. @param waitedMs how long the call stood in line before, if it did. */
export function denied(denial: Denial, waitedMs = 0): AdmissionRefusal {
  const { scope, max, current } = denial;
  const retryAfterMs = Math.min(RETRY_MAX_MS, Math.max(RETRY_MIN_MS, denial.retryAfterMs));
  const open = `${max} concurrent ${max === 1 ? 'session' : 'sessions'} is reached (${current} open)`;
  const next = `End a session, or ask your administrator to raise the limit.${inLine(denial, waitedMs)}`;
  switch (scope) {
    case 'key':
      return { ...limitReached(`This API key's limit of ${open}. ${next}`, retryAfterMs, denial), reason: 'key_limit' };
    case 'tenant':
      return {
        ...limitReached(`Your tenant's limit of ${open}. ${next}`, retryAfterMs, denial),
        reason: 'tenant_limit',
      };
    case 'rate': {
      const message = `Your tenant's limit of ${max} new sessions per minute is reached. Try again when Retry-After says, or ask your administrator to raise the limit.`;
      return { ...limitReached(message, Math.max(RETRY_MIN_MS, denial.retryAfterMs), denial), reason: 'rate_limit' };
    }
    // Neither the cap nor the upstream's headroom is this tenant's to know: constants, but for its own place in line.
    case 'family':
    case 'pool':
    case 'headroom': {
      const message = `The service is at capacity: no line is free right now. Try again shortly.${inLine(denial, waitedMs)}`;
      const reason = scope === 'headroom' ? 'headroom' : 'pool_limit';
      return { ...limitReached(message, RETRY_MAX_MS, denial), reason };
    }
  }
}

/** The refusal while the lease store is away or counts its living sessions again. */
export function unavailable(retryAfterMs = RETRY_MAX_MS): Refusal {
  return {
    code: 'admission_unavailable',
    message: 'New sessions cannot be admitted right now; open sessions go on. Try again shortly.',
    retryAfterMs: Math.max(RETRY_MIN_MS, retryAfterMs),
  };
}

function limitReached(message: string, retryAfterMs: number, denial: Denial) {
  return { refusal: { code: 'concurrency_limit_exceeded', message, retryAfterMs } as const, denial };
}

function inLine({ queue, queueFull }: Denial, waitedMs: number): string {
  const full = queueFull ? ' The waiting line is full.' : '';
  const waited = waitedMs > 0 ? ` You waited ${seconds(waitedMs)}.` : '';
  const expected = queue.expectedWaitMs === null ? '' : `; the expected wait is about ${seconds(queue.expectedWaitMs)}`;
  return `${full}${waited} Your place in your tenant's line: ${queue.position}${expected}.`;
}

function seconds(ms: number): string {
  return `${Math.min(EXPECTED_MAX_S, Math.max(1, Math.ceil(ms / 1000)))} s`;
}
