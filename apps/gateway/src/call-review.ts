// What the policy in force says of a call that is not open yet. A call may wait for minutes, and a key revoked, a tenant
// suspended, a model withdrawn or a pool drained meanwhile must not find it in line: it is judged again at every change.
import type { PoolId, Refusal, Result, SessionId } from '@trunkline/kernel';
import type { CallTerms, OwnUse, PoolPlan } from '@trunkline/admission';
import type { RouteRequest } from '@trunkline/providers';
import type { Handshake } from '@trunkline/realtime';
import { stillAllowed, type PolicySnapshot, type Pool, type Principal } from '@trunkline/tenancy';
import type { GatewayParts } from './gateway-parts.js';

/** A call that may be made, by whom and with what. */
export interface Caller {
  readonly sessionId: SessionId;
  readonly handshake: Handshake;
  readonly wanted: RouteRequest;
  /** What the policy in force says of it: asked first, and again when the policy changed while it waited. */
  readonly judge: () => Result<JudgedCall, Refusal>;
  /** Fires when the client went away. */
  readonly gone: AbortSignal;
  /** Told what of its own limits is in use. */
  readonly told: (own: OwnUse) => void;
}

/** A call that one policy lets in. */
export interface JudgedCall {
  readonly principal: Principal;
  readonly policy: PolicySnapshot;
  /** The pools that may carry it. */
  readonly pools: readonly Pool[];
  /** How long it may wait for a line, in milliseconds. */
  readonly waitMs: number;
  /** Why its tenant's budget has no room for it; null: it has. Never rejects. */
  readonly budget: Promise<Refusal | null>;
}

/** What holds for the call in one pool by the policy in force; null: it may not go on there. */
export type Review = () => CallTerms | null;

/** Reviews a call in a pool. Cheap while the policy is the one that it was judged by: asked twice a second of each call. */
export function reviewOf(parts: GatewayParts, caller: Caller & JudgedCall, pool: Pool): Review {
  let seen: JudgedCall | null = caller;
  return () => {
    const policy = parts.policy();
    // A key may also expire by the clock.
    if (seen && (policy !== seen.policy || stillAllowed(seen.principal, policy, parts.clock.nowMs()) !== null)) {
      const judged = caller.judge();
      seen = judged.ok && offers(judged.value.pools, pool.id) ? judged.value : null;
    }
    return seen && { own: seen.principal, plan: planOf(parts, seen.policy, pool) };
  };
}

/** The pool's plan at this policy. */
export function planOf(parts: GatewayParts, policy: PolicySnapshot, pool: Pool): PoolPlan {
  const plan = parts.plans.of(policy).get(pool.id);
  if (!plan) throw new Error(`pool ${pool.id} has no plan`);
  return plan;
}

function offers(pools: readonly Pool[], poolId: PoolId): boolean {
  return pools.some(({ id }) => id === poolId);
}
