// What became of a call on its way through the pools, for the record of calls that got no session.
import { mintedAtMs, type PoolId, type Refusal, type SessionId } from '@trunkline/kernel';
import type { Handshake } from '@trunkline/realtime';
import type { Principal } from '@trunkline/tenancy';
import type { RefusedCall } from './refused-calls.js';
import { waitAskedMs } from './wait-terms.js';

/** What a call is told that gets no session, and why: precisely, for the record. */
export interface Refused {
  readonly refusal: Refusal;
  /** Admission's reason where a line was missing, else the refusal's code. */
  readonly reason: string;
}

/** Where a call asked for a line. */
export class CallTrail {
  private readonly pools = new Set<PoolId>();
  private waited = false;

  /** It asked for a line. `waited`: in line, and got none. */
  asked(pools: Iterable<PoolId>, waited: boolean): void {
    for (const poolId of pools) this.pools.add(poolId);
    this.waited ||= waited;
  }

  /** The call as it is recorded. */
  refused({ sessionId, principal, handshake, model, family, gone, reason, tookMs }: RefusedEnd): RefusedCall {
    return {
      tenantId: principal.tenantId,
      keyId: principal.keyId,
      model,
      family,
      reason: gone.aborted ? 'abandoned' : reason,
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
  /** Why it was told what it was told. */
  readonly reason: string;
  /** From its asking until now. */
  readonly tookMs: number;
}
