// May this principal open one more session? Guarantees that whoever is let in holds a lease, and that a refusal says
// which limit refused without ever showing a tenant the shared pool's numbers. Leaves who the principal is to tenancy,
// which pools to ask to routing, and waiting for a line to the waiting room.
import { err, ok, type Refusal, type ReplicaId, type Result, type SessionId } from '@trunkline/kernel';
import { mintToken, type Lease } from './lease.js';
import { LeaseStoreUnavailable, type Denial, type LeaseStore } from './lease-store.js';
import { limitsFor, type Admittee, type PoolCap } from './limits.js';

/** One request for a line. */
export interface AdmitRequest {
  readonly sessionId: SessionId;
  readonly replicaId: ReplicaId;
  readonly who: Admittee;
  readonly pool: PoolCap;
}

/** Why nobody was let in, for metrics and for the choice to try the next pool (`pool_limit`). A closed list. */
export type AdmissionReason = 'key_limit' | 'tenant_limit' | 'pool_limit' | 'recovering' | 'unavailable';

/** A refusal for the client, with what only operators may see beside it. */
export interface AdmissionRefusal {
  readonly refusal: Refusal;
  readonly reason: AdmissionReason;
  /** The numbers behind a limit. Private: for the pool they are everybody's. */
  readonly denial?: Denial;
  /** What broke, when `unavailable`. For the log. */
  readonly cause?: unknown;
}

// A line of one's own frees when a session ends, which nobody can foresee: come back within seconds, sooner only when a
// line is about to lapse.
const RETRY_MIN_MS = 1_000;
const RETRY_MAX_MS = 5_000;

/**
 * Takes a pending line for the session, or says why not. The caller confirms it within the dial deadline or releases it.
 * Closed when the store is away: `admission_unavailable`.
 */
export async function admit(
  request: AdmitRequest,
  store: LeaseStore,
  randomBytes: (n: number) => Uint8Array,
): Promise<Result<Lease, AdmissionRefusal>> {
  const { sessionId, replicaId } = request;
  const limits = limitsFor(request.who, request.pool);
  try {
    const outcome = await store.acquire({ sessionId, replicaId, token: mintToken(randomBytes), limits });
    switch (outcome.kind) {
      case 'admitted':
        return ok(outcome.lease);
      case 'denied':
        return err(denied(outcome.denial));
      case 'recovering':
        return err({ refusal: unavailable(outcome.retryAfterMs), reason: 'recovering' });
    }
  } catch (cause) {
    if (!(cause instanceof LeaseStoreUnavailable)) throw cause;
    return err({ refusal: unavailable(RETRY_MAX_MS), reason: 'unavailable', cause });
  }
}

function denied(denial: Denial): AdmissionRefusal {
  const { scope, max, current } = denial;
  const retryAfterMs = Math.min(RETRY_MAX_MS, Math.max(RETRY_MIN_MS, denial.retryAfterMs));
  const open = `${max} concurrent ${max === 1 ? 'session' : 'sessions'} is reached (${current} open)`;
  const next = 'End a session, or ask your administrator to raise the limit.';
  switch (scope) {
    case 'key':
      return {
        refusal: limitReached(`This API key's limit of ${open}. ${next}`, retryAfterMs),
        reason: 'key_limit',
        denial,
      };
    case 'tenant':
      return {
        refusal: limitReached(`Your tenant's limit of ${open}. ${next}`, retryAfterMs),
        reason: 'tenant_limit',
        denial,
      };
    case 'pool':
      // Neither the cap nor when a neighbour's line lapses is this tenant's to know: a constant.
      return {
        refusal: limitReached(
          'The service is at capacity: no line is free right now. Try again shortly.',
          RETRY_MAX_MS,
        ),
        reason: 'pool_limit',
        denial,
      };
  }
}

function limitReached(message: string, retryAfterMs: number): Refusal {
  return { code: 'concurrency_limit_exceeded', message, retryAfterMs };
}

function unavailable(retryAfterMs: number): Refusal {
  return {
    code: 'admission_unavailable',
    message: 'New sessions cannot be admitted right now; open sessions go on. Try again shortly.',
    retryAfterMs: Math.max(RETRY_MIN_MS, retryAfterMs),
  };
}
