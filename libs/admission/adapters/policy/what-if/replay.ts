// A policy as admission's what-if takes it: plans, routes by model, weights, limits of tenants and keys, waits. One place, so
// that the command line and the API ask alike, and both what the gateway would do.
import type { PoolId, Refusal, Result, TenantId } from '@trunkline/kernel';
import { inTurn, isRealtimeModel, route } from '@trunkline/providers';
import type { PolicySnapshot, Pool } from '@trunkline/tenancy';
import {
  seededRandom,
  whatIfStepwise,
  type Arrival,
  type OpenBefore,
  type OwnLimits,
  type WhatIfReport,
} from '../../../index.js';
import { poolPlan } from '../pool-plans.js';
import type { Call } from './recorded-calls.js';

const TRANSCRIPTION = 'transcription';

/** What is replayed. */
export interface CallsToReplay {
  /** In order of time. */
  readonly calls: readonly Call[];
  readonly openBefore?: OpenBefore;
}

/**
 * Replays calls under a policy, in steps of a millisecond or two.
 * @param seed draws the pools of calls that several may carry.
 */
export function replayUnder(
  policy: PolicySnapshot,
  { calls, openBefore }: CallsToReplay,
  seed: number,
): Generator<undefined, WhatIfReport> {
  const plans = [...policy.pools.values()].map((pool) => poolPlan(policy, pool));
  const poolsOf = routes(policy, seededRandom(seed));
  const options = { poolsOf, ownOf: ownLimits(policy), ...(openBefore ? { openBefore } : {}) };
  return whatIfStepwise(waiting(policy, calls), plans, options);
}

/** Pools that would carry the model's calls under a policy, or why there are none. */
export function routeUnder({ pools }: PolicySnapshot, model: string): Result<readonly Pool[], Refusal> {
  return routeOf(model, [...pools.values()]);
}

function* waiting({ tenants }: PolicySnapshot, calls: readonly Call[]): Generator<Arrival> {
  for (const { waitAskedMs = Infinity, ...call } of calls)
    yield { ...call, waitMs: Math.min(waitAskedMs, waitMsOf(tenants, call.tenantId)) };
}

function waitMsOf(tenants: PolicySnapshot['tenants'], tenantId: TenantId): number {
  return tenants.get(tenantId)?.limits.waitMsMax ?? 0;
}

function ownLimits({ tenants, keys }: PolicySnapshot): (call: Arrival) => OwnLimits {
  return ({ tenantId, keyId }) => {
    const [tenant, key] = [tenants.get(tenantId), keys.get(keyId)];
    return {
      // What another key took over is not held to the limit of the one that was revoked.
      keySessionsMax: key?.status === 'active' ? key.sessionsMax : null,
      tenantSessionsMax: tenant?.sessionsMax ?? null,
      sessionsPerMinuteMax: tenant?.limits.sessionsPerMinuteMax ?? null,
    };
  };
}

// As the gateway routes: the pools that serve the model and are not drained, in an order drawn by their weights.
function routes({ pools }: PolicySnapshot, random: () => number): (call: Arrival) => readonly PoolId[] {
  const all = [...pools.values()];
  const offering = new Map<string, readonly Pool[]>();
  return ({ model = TRANSCRIPTION }) => {
    const known = offering.get(model) ?? routed(model, all);
    offering.set(model, known);
    const turns = known.length > 1 ? inTurn(known, () => true, random) : known;
    return turns.map(({ id }) => id);
  };
}

function routed(model: string, pools: readonly Pool[]): readonly Pool[] {
  const found = routeOf(model, pools);
  return found.ok ? found.value : [];
}

function routeOf(model: string, pools: readonly Pool[]): Result<readonly Pool[], Refusal> {
  const wanted =
    model === TRANSCRIPTION ? ({ kind: TRANSCRIPTION } as const) : ({ kind: 'conversation', model } as const);
  return route(wanted, pools, isRealtimeModel);
}
