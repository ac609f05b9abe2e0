// What the scripts are given: a caller and a pool's plan as JSON in the shape that `lines.lua` describes. Absent means no
// limit, because Lua's null is not nil.
import { createHash } from 'node:crypto';
import type { PoolId } from '@trunkline/kernel';
import { inEachPool, type Caller, type KeyShare, type OwnLimits, type PoolPlan, type Seeker } from '../../index.js';

/** A plan ready to send. */
export interface WirePlan {
  readonly digest: string;
  readonly text: string;
}

/** The caller as the scripts keep it. @param otherPools that may carry it as well, if it asks for a line. */
export function callerText({ token, replicaId, place, own }: Caller, otherPools: readonly PoolPlan[] = []): string {
  return JSON.stringify({
    token,
    replica: replicaId,
    key: place.keyId,
    tenant: place.tenantId,
    pool: place.poolId,
    family: place.family,
    others: otherPools.length > 0 ? otherPools.map(({ poolId }) => poolId) : undefined,
    key_max: own.keySessionsMax ?? undefined,
    tenant_max: own.tenantSessionsMax ?? undefined,
    rate_max: own.sessionsPerMinuteMax ?? undefined,
  });
}

/** A caller's own limits in the order of the `attend` script; empty: none. */
export function ownTexts({ keySessionsMax, tenantSessionsMax, sessionsPerMinuteMax }: OwnLimits): string[] {
  return [keySessionsMax, tenantSessionsMax, sessionsPerMinuteMax].map((max) => `${max ?? ''}`);
}

/** The pools of a call in line, in the order of the `attend` script. Ids have no commas. */
export function poolsText(seeker: Seeker): string {
  return inEachPool(seeker)
    .map(({ place }) => place.poolId)
    .join(',');
}

/** Plans as the scripts keep them, each made once, and the newest that went by of each pool. */
export class WirePlans {
  readonly #made = new WeakMap<PoolPlan, WirePlan>();
  readonly #newest = new Map<PoolId, PoolPlan>();

  /**
   * A plan that a call of this process brings. A line may be given in a pool that the call has given up a moment before,
   * so the plan is remembered for as long as the pool may be.
   */
  bring(plan: PoolPlan): void {
    const known = this.#newest.get(plan.poolId);
    if (!known || plan.version >= known.version) this.#newest.set(plan.poolId, plan);
  }

  /** The newest plan of the pool that a call of this process brought. */
  newest(poolId: PoolId): PoolPlan | null {
    return this.#newest.get(poolId) ?? null;
  }

  of(plan: PoolPlan): WirePlan {
    const made = this.#made.get(plan) ?? wirePlan(plan);
    this.#made.set(plan, made);
    return made;
  }
}

function wirePlan(plan: PoolPlan): WirePlan {
  const shares = Object.entries(plan.shares);
  const content = {
    version: plan.version,
    max: plan.sessionsMax ?? undefined,
    families: plan.familyMax,
    shares: Object.fromEntries(
      shares.map(([tenant, { floor, ceiling, weight, keys }]) => [
        tenant,
        {
          floor,
          ceiling: ceiling ?? undefined,
          weight,
          keys: Object.fromEntries(
            Object.entries(keys).map(([key, part]) => [key, { floor: part.floor, ceiling: part.ceiling ?? undefined }]),
          ),
        },
      ]),
    ),
    // Whoever has a floor, so that a script need not look at the others to know what is kept back.
    guaranteed: shares
      .filter(([, { floor, keys }]) => floor > 0 || Object.values(keys).some((key) => key.floor > 0))
      .map(([tenant]) => tenant),
    // All floors together: the most that can ever be kept back.
    floors: shares.reduce((lines, [, { floor, keys }]) => lines + Math.max(floor, sumOf(keys)), 0),
    waiting: plan.waitingMax,
    waiting_per_tenant: plan.waitingPerTenantMax,
  };
  const digest = createHash('sha1').update(JSON.stringify(content)).digest('base64url');
  return { digest, text: JSON.stringify({ ...content, digest }) };
}

function sumOf(keys: Readonly<Record<string, KeyShare>>): number {
  return Object.values(keys).reduce((lines, { floor }) => lines + floor, 0);
}
