// What a line counts against: its key and its tenant over all pools, and within its pool the pool itself, the model
// family, the tenant and the key. Leaves the numbers to the policy, counting to `line-counts.ts`, and the question
// whether there is room to `room.ts`.
import type { ApiKeyId, PoolId, TenantId } from '@trunkline/kernel';

/** What a limit belongs to, narrowest first: the order in which a refusal names one. */
export type LimitScope = 'key' | 'tenant' | 'family' | 'pool';

/** Where a line belongs. */
export interface Place {
  readonly keyId: ApiKeyId;
  readonly tenantId: TenantId;
  readonly poolId: PoolId;
  /** The model family that caps within a pool are counted by. */
  readonly family: string;
}

/** The limits of a key and its tenant over all pools. Null: none. */
export interface OwnLimits {
  readonly keySessionsMax: number | null;
  readonly tenantSessionsMax: number | null;
  /** New sessions of the tenant in any minute. */
  readonly sessionsPerMinuteMax: number | null;
}

/** Whether two lines count against the same limits, so that one may take the other's place. */
export function isSamePlace(a: Place, b: Place): boolean {
  return a.keyId === b.keyId && a.tenantId === b.tenantId && a.poolId === b.poolId && a.family === b.family;
}
