// The words of a refused admission. One place, because they are shown to tenants: a limit of theirs with its numbers, of
// the shared pool nothing but that it is full; where the call stands in its tenant's own line, and about how long that
// may take.
import type { Refusal } from '@trunkline/kernel';
import type { Denial } from './lease-store.js';

/** Why nobody was let in, for metrics and for the choice to try the next pool. A closed list. */
export type AdmissionReason =
  | 'key_limit'
  | 'tenant_limit'
  | 'rate_limit'
  | 'pool_limit'
  | 'headroom'
  | 'abandoned'
  /** It waited, and may not do so any more: to be judged again by the policy in force. */
  | 'policy_changed'
  | 'recovering'
  | 'unavailable';

/** A refusal for the client, with what only operators may see beside it. */
export interface AdmissionRefusal {
  readonly refusal: Refusal;
  readonly reason: AdmissionReason;
  /** It stood in line before. */
  readonly waited?: boolean;
  /** A line of the call's own key is about to come free: the call has reason to wait a moment, whatever its tenant's wait. */
  readonly ownLineEnds?: boolean;
  /** The numbers behind a limit. Private: for the pool they are everybody's. */
  readonly denial?: Denial;
  /** What broke, when `unavailable`. For the log. */
  readonly cause?: unknown;
}

const RETRY_MIN_MS = 1_000;
// A line frees when a session ends, which nobody can foresee: where no pace is known, come back within seconds.
const RETRY_DEFAULT_MS = 5_000;
const RETRY_MAX_MS = 60_000;

/** The refusal for a denial. @param waitedMs how long the call stood in line before, if it did. */
export function denied(denial: Denial, waitedMs = 0): AdmissionRefusal {
  const { scope, max, current } = denial;
  const open = `${max} concurrent ${max === 1 ? 'session' : 'sessions'} is reached (${current} open)`;
  const next = `End a session, or ask your administrator to raise the limit.${line(denial, waitedMs)}`;
  switch (scope) {
    // The pool's pace says nothing about a limit of one's own, whose lines come free when one's own sessions end.
    case 'key': {
      const message = `This API key's limit of ${open}. ${next}`;
      return { ...limitReached(message, RETRY_DEFAULT_MS, denial), reason: 'key_limit' };
    }
    case 'tenant': {
      const message = `Your tenant's limit of ${open}. ${next}`;
      return { ...limitReached(message, RETRY_DEFAULT_MS, denial), reason: 'tenant_limit' };
    }
    case 'rate': {
      const message = `Your tenant's limit of ${max} new sessions per minute is reached. Try again when Retry-After says, or ask your administrator to raise the limit.`;
      return { ...limitReached(message, Math.max(RETRY_MIN_MS, denial.retryAfterMs), denial), reason: 'rate_limit' };
    }
    // Neither the cap nor the upstream's headroom is this tenant's to know: constants, but for its own place in line.
    case 'family':
    case 'pool':
    case 'headroom': {
      const { words, retryAfterMs } = expected(denial);
      const message = `The service is at capacity: no line is free for your tenant right now. Try again when Retry-After says.${line(denial, waitedMs)}${words}`;
      const reason = scope === 'headroom' ? 'headroom' : 'pool_limit';
      return { ...limitReached(message, retryAfterMs, denial), reason };
    }
  }
}

/** The refusal while the lease store is away or counts its living sessions again. */
export function unavailable(retryAfterMs = RETRY_DEFAULT_MS): Refusal {
  return {
    code: 'admission_unavailable',
    message: 'New sessions cannot be admitted right now; open sessions go on. Try again shortly.',
    retryAfterMs: Math.max(RETRY_MIN_MS, retryAfterMs),
  };
}

function limitReached(message: string, retryAfterMs: number, denial: Denial) {
  return { refusal: { code: 'concurrency_limit_exceeded', message, retryAfterMs } as const, denial };
}

// Where the call stood in its tenant's own line; or, if it did not stand there, where it would.
function line({ queue, queueFull }: Denial, waitedMs: number): string {
  const full = queueFull ? ' The waiting line is full.' : '';
  if (waitedMs > 0)
    return `${full} You waited ${seconds(waitedMs)}, last in place ${queue.position} of your tenant's line.`;
  return `${full} A call that may wait would be in place ${queue.position} of your tenant's line.`;
}

// In coarse steps: exact numbers would tell how busy the neighbours are.
const EXPECTED_STEPS_S = [5, 15, 60];

function expected({ queue }: Denial): { readonly words: string; readonly retryAfterMs: number } {
  if (queue.expectedWaitMs === null) return { words: '', retryAfterMs: RETRY_DEFAULT_MS };
  const waitS = queue.expectedWaitMs / 1000;
  const step = EXPECTED_STEPS_S.find((atMost) => waitS <= atMost);
  if (step === undefined) return { words: ' A line is likely to take more than a minute.', retryAfterMs: RETRY_MAX_MS };
  return { words: ` A line is likely to take less than ${step} s.`, retryAfterMs: step * 1000 };
}

function seconds(ms: number): string {
  return `${Math.max(0.1, Math.round(ms / 100) / 10)} s`;
}
