// May this principal open one more session? Guarantees that whoever is let in holds a lease, and that a refusal says
// which limit refused, and where the call stood in line, without ever showing a tenant the shared pool's numbers. Leaves
// who the principal is to tenancy, which pools to ask to routing, and keeping calls in line to the waiting room.
import { err, ok, type ApiKeyId, type ReplicaId, type Result, type SessionId, type TenantId } from '@trunkline/kernel';
import { denied, unavailable, type AdmissionRefusal } from './admission-refusal.js';
import { mintToken, type Lease, type PoolChoice } from './lease.js';
import {
  LeaseStoreUnavailable,
  type AcquireRequest,
  type Denial,
  type LeaseStore,
  type OwnUse,
} from './lease-store.js';
import type { OwnLimits } from './limits.js';
import type { WaitingRoom, WaitTerms } from './waiting-room.js';

/** Who asks for a line (`Principal` of tenancy fits). */
export interface Admittee extends OwnLimits {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
}

/** One request for a line. */
export interface AdmitRequest {
  readonly sessionId: SessionId;
  readonly replicaId: ReplicaId;
  readonly who: Admittee;
  /** The pools that may carry it: the first that has a line gives it one, and it waits in all of them. */
  readonly plans: PoolChoice;
  /** The model family that the session counts under within its pool. */
  readonly family: string;
  /** How long to wait for a line, in milliseconds; 0: not at all. */
  readonly waitMs: number;
  /** Fires when the client went away. */
  readonly gone: AbortSignal;
  /** Asked while it waits: what holds for it by the policy in force; null: it may not wait any more. */
  readonly review?: NonNullable<WaitTerms['review']>;
  /** Told what of its own limits is in use, as soon as the store has said so; with a line that includes it. */
  readonly told?: (own: OwnUse) => void;
}

/** What admission works with. */
export interface AdmitParts {
  readonly store: LeaseStore;
  readonly room: WaitingRoom;
  readonly randomBytes: (n: number) => Uint8Array;
}

/**
 * Takes a pending line for the session, after a bounded wait if it may wait, or says why not. The caller confirms it
 * within the dial deadline or releases it. Closed when the store is away: `admission_unavailable`.
 */
export async function admit(request: AdmitRequest, parts: AdmitParts): Promise<Result<Lease, AdmissionRefusal>> {
  const acquisition = acquisitionOf(request, mintToken(parts.randomBytes));
  try {
    const outcome = await parts.store.acquire(acquisition);
    if ('own' in outcome) tell(request, outcome.own);
    else if ('denial' in outcome) tell(request, outcome.denial.own);
    switch (outcome.kind) {
      case 'admitted':
        return ok(outcome.lease);
      case 'denied':
        return err({ ...denied(outcome.denial), ownLineEnds: outcome.ownLineEnds });
      case 'waiting':
        return await stand(acquisition, outcome.denial, { request, parts });
      case 'recovering':
        return err({ refusal: unavailable(outcome.retryAfterMs), reason: 'recovering' });
    }
  } catch (cause) {
    if (!(cause instanceof LeaseStoreUnavailable)) throw cause;
    return err({ refusal: unavailable(), reason: 'unavailable', cause });
  }
}

function tell({ told }: AdmitRequest, own: OwnUse | null): void {
  if (own !== null) told?.(own);
}

async function stand(
  acquisition: AcquireRequest,
  denial: Denial,
  { request, parts }: { readonly request: AdmitRequest; readonly parts: AdmitParts },
): Promise<Result<Lease, AdmissionRefusal>> {
  const outcome = await parts.room.wait(acquisition, denial, request);
  switch (outcome.kind) {
    case 'admitted':
      tell(request, outcome.own);
      return ok(outcome.lease);
    case 'timed_out':
      return err({ ...denied(outcome.denial, request.waitMs), waited: true });
    case 'abandoned':
      return err({ ...denied(denial), reason: 'abandoned', waited: true });
    case 'dismissed':
      return err({ ...denied(denial), reason: 'policy_changed', waited: true });
    case 'unavailable':
      return err({ refusal: unavailable(), reason: 'unavailable', cause: outcome.cause, waited: true });
  }
}

function acquisitionOf(
  { sessionId, replicaId, who, plans, family, waitMs }: AdmitRequest,
  token: string,
): AcquireRequest {
  const [plan, ...otherPools] = plans;
  const { keyId, tenantId, keySessionsMax, tenantSessionsMax, sessionsPerMinuteMax } = who;
  return {
    sessionId,
    replicaId,
    token,
    place: { keyId, tenantId, poolId: plan.poolId, family },
    own: { keySessionsMax, tenantSessionsMax, sessionsPerMinuteMax },
    plan,
    otherPools,
    mayWait: waitMs > 0,
  };
}
