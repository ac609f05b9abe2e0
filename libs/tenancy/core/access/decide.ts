// The one place that says who may do what. Guarantees that a tenant in which somebody has no role looks to them like one that
// does not exist.
import type { TenantId } from '@trunkline/kernel';
import type { Permission } from './permissions.js';
import type { AccessPrincipal, Grant } from './principal.js';
import { permissionsOf } from './roles.js';

/** `hidden` is told like something that is not there. */
export type Decision = 'allowed' | 'forbidden' | 'hidden';

/** Whether a principal may do something to a tenant, or (null) to what is the company's. */
export function decide(principal: AccessPrincipal, permission: Permission, tenantId: TenantId | null): Decision {
  const reaching = principal.grants.filter((grant) => grant.tenantId === null || grant.tenantId === tenantId);
  if (reaching.some((grant) => holds(grant, permission))) return 'allowed';
  return tenantId !== null && reaching.length === 0 ? 'hidden' : 'forbidden';
}

/** The tenants in which a principal may do something. Handed to reads, which tell of no other. */
export class TenantScope {
  private constructor(private readonly tenantIds: ReadonlySet<TenantId> | null) {}

  /** Where a principal may do this. */
  static of(principal: AccessPrincipal, permission: Permission): TenantScope {
    const grants = principal.grants.filter((grant) => holds(grant, permission));
    const named = grants.flatMap(({ tenantId }) => (tenantId === null ? [] : [tenantId]));
    return new TenantScope(grants.length > named.length ? null : new Set(named));
  }

  /** Every tenant, those to come too. */
  get isWhole(): boolean {
    return this.tenantIds === null;
  }

  /** No tenant at all. */
  get isEmpty(): boolean {
    return this.tenantIds?.size === 0;
  }

  /** The tenants; null: all. */
  get ids(): readonly TenantId[] | null {
    return this.tenantIds === null ? null : [...this.tenantIds];
  }

  /** Whether a tenant is in it. */
  includes(tenantId: TenantId): boolean {
    return this.tenantIds?.has(tenantId) ?? true;
  }

  /** The rows that may be told. */
  only<Row>(rows: readonly Row[], tenantOf: (row: Row) => TenantId): readonly Row[] {
    return this.tenantIds === null ? rows : rows.filter((row) => this.includes(tenantOf(row)));
  }
}

/**
 * What of the grants somebody may not give to others: nobody hands on more than they have, each permission of the role
 * where it would hold.
 */
export function grantsBeyond(principal: AccessPrincipal, wanted: readonly Grant[]): readonly Grant[] {
  return wanted.filter(({ role, tenantId }) =>
    [...permissionsOf(role)].some((permission) => decide(principal, permission, tenantId) !== 'allowed'),
  );
}

function holds(grant: Grant, permission: Permission): boolean {
  return permissionsOf(grant.role).has(permission);
}
