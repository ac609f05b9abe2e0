// What became of a call on its way through the pools, for the record of calls that got no session.
import { mintedAtMs, type PoolId, type Refusal, type SessionId } from '@trunkline/kernel';
import type { AdmissionRefusal } from '@trunkline/admission';
import type { Handshake } from '@trunkline/realtime';
import type { Principal } from '@trunkline/tenancy';
import type { RefusedCall } from './refused-calls.js';
import { waitAskedMs } from './wait-terms.js';

/** Where a call asked for a line, and what it heard. */
export class CallTrail {
  private readonly pools = new Set<PoolId>();
  private last: AdmissionRefusal | null = null;
  private waited = false;

  /** It asked for a line. `refused`: it got none. */
  asked(pools: Iterable<PoolId>, refused: AdmissionRefusal | null): void {
    for (const poolId of pools) this.pools.add(poolId);
    this.last = refused;
    this.waited ||= refused?.waited === true;
  }

  /** The call as it is recorded. */
  refused({ sessionId, principal, handshake, model, family, gone, refusal, tookMs }: RefusedEnd): RefusedCall {
    return {
      tenantId: principal.tenantId,
      keyId: principal.keyId,
      model,
      family,
      reason: gone.aborted ? 'abandoned' : (this.last?.reason ?? refusal.code),
      pools: this.pools,
      askedAtMs: mintedAtMs(sessionId),
      // Who went away waited for something, in line or not.
      waitedMs: this.waited || gone.aborted ? tookMs : 0,
      waitAskedMs: waitAskedMs(handshake),
    };
  }
}

/** How a call ended that got no session. */
export interface RefusedEnd {
  readonly sessionId: SessionId;
  readonly principal: Principal;
  readonly handshake: Handshake;
  readonly model: string;
  readonly family: string;
  /** Its client went away, if it did. */
  readonly gone: AbortSignal;
  readonly refusal: Refusal;
  /** From its asking until now. */
  readonly tookMs: number;
}
