// What a line counts against: one key, one tenant and one pool, always all three. Guarantees a fixed order, so that a
// refusal names the narrowest limit that refuses. Leaves counting to the lease store and wording to `admit.ts`.
import type { ApiKeyId, PoolId, TenantId } from '@trunkline/kernel';

/** What a limit belongs to. */
export type LimitScope = 'key' | 'tenant' | 'pool';

interface LimitIds {
  readonly key: ApiKeyId;
  readonly tenant: TenantId;
  readonly pool: PoolId;
}

/** Open sessions that one key, tenant or pool may have at once. */
export interface Limit<Scope extends LimitScope = LimitScope> {
  readonly scope: Scope;
  readonly id: LimitIds[Scope];
  /** Null: counted, for operators and for a cap set later, but never a reason to refuse. */
  readonly sessionsMax: number | null;
}

/** The limits of one session, narrowest first. A tuple: leaving one out would leave its sessions uncounted. */
export type Limits = readonly [key: Limit<'key'>, tenant: Limit<'tenant'>, pool: Limit<'pool'>];

/** Who asks for a line, as admission needs to know it (`Principal` of tenancy fits). */
export interface Admittee {
  readonly tenantId: TenantId;
  readonly keyId: ApiKeyId;
  readonly tenantSessionsMax: number | null;
  readonly keySessionsMax: number | null;
}

/** The pool that a line is asked of. */
export interface PoolCap {
  readonly id: PoolId;
  readonly sessionsMax: number | null;
}

/**
 * The limits that apply to a session, in the order in which they are checked: key, tenant, pool. The tenant hears first
 * of a limit of its own, which it can do something about, and only then that the shared pool is full.
 */
export function limitsFor(who: Admittee, pool: PoolCap): Limits {
  return [
    { scope: 'key', id: who.keyId, sessionsMax: who.keySessionsMax },
    { scope: 'tenant', id: who.tenantId, sessionsMax: who.tenantSessionsMax },
    { scope: 'pool', id: pool.id, sessionsMax: pool.sessionsMax },
  ];
}
