// A pool's status in the policy's words: slugs and names instead of ids, where the policy still has them.
import type { PolicySnapshot, Pool } from '@trunkline/tenancy';
import { poolStatus, type LinePage, type PoolNames, type PoolStatus, type PoolView } from '../../index.js';
import { poolPlan } from './pool-plans.js';

/** What was seen of a pool. `nowMs`: Unix milliseconds of the look; `page`: the lines to show, if any. */
export interface PoolLook {
  readonly view: PoolView;
  readonly nowMs: number;
  readonly page: LinePage | null;
}

/** The status of a pool as the policy has it. */
export function poolStatusIn(policy: PolicySnapshot, pool: Pool, { view, nowMs, page }: PoolLook): PoolStatus {
  return poolStatus(view, { plan: poolPlan(policy, pool), names: namesIn(policy, pool), nowMs, page });
}

/** The pool of this slug or id; null when there is none. */
export function poolNamed(policy: PolicySnapshot, slugOrId: string): Pool | null {
  return [...policy.pools.values()].find(({ id, slug }) => slug === slugOrId || id === slugOrId) ?? null;
}

// A key that was revoked long ago is not in the policy any more, but its last line may still be there.
function namesIn({ tenants, keys }: PolicySnapshot, { slug, status }: Pool): PoolNames {
  return {
    slug,
    status,
    tenant: (tenantId) => tenants.get(tenantId)?.slug ?? tenantId,
    key: (keyId) => keys.get(keyId)?.name ?? keyId,
  };
}
