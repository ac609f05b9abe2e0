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
  /** Does what takes time before it can be judged by the policy in force. @returns why it may not go on; null: it may. */
  readonly ready: () => Promise<Refusal | null>;
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

/** A call as the policy in force sees it. */
export interface Review {
  /** What holds for it, in the pools to wait for; null: none may carry it any more. */
  readonly terms: () => CallTerms | null;
  /** A pool that may carry it, as it is by now. */
  readonly pool: (id: PoolId) => Pool | null;
}

/**
 * Reviews a call in the pools of which `mayCarry` is true. Cheap while the policy is the one that it was judged by: asked
 * twice a second of each call. A pool whose upstream does not answer is not waited for while there is another.
 */
export function reviewOf(parts: GatewayParts, caller: Caller & JudgedCall, mayCarry: (id: PoolId) => boolean): Review {
  let seen: JudgedCall | null = caller;
  const pools = (): readonly Pool[] => {
    const policy = parts.policy();
    // A key may also expire by the clock.
    if (seen && (policy !== seen.policy || stillAllowed(seen.principal, policy, parts.clock.nowMs()) !== null)) {
      const judged = caller.judge();
      seen = judged.ok ? judged.value : null;
    }
    return seen?.pools.filter(({ id }) => mayCarry(id)) ?? [];
  };
  return {
    terms: () => {
      const offered = pools();
      const answering = offered.filter(({ id }) => parts.health.isHealthy(id, parts.clock.monotonicMs()));
      return seen && termsIn(parts, seen, answering.length > 0 ? answering : offered);
    },
    pool: (id) => pools().find((pool) => pool.id === id) ?? null,
  };
}

function termsIn(parts: GatewayParts, { principal, policy }: JudgedCall, pools: readonly Pool[]): CallTerms | null {
  const [plan, ...others] = pools.map((pool) => planOf(parts, policy, pool));
  return plan ? { own: principal, plans: [plan, ...others] } : null;
}

function planOf(parts: GatewayParts, policy: PolicySnapshot, pool: Pool): PoolPlan {
  const plan = parts.plans.of(policy).get(pool.id);
  if (!plan) throw new Error(`pool ${pool.id} has no plan`);
  return plan;
}
