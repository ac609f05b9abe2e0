// Which role may do what. Guarantees that whoever holds a role in one tenant only can reach nothing of the company's (money of
// others, pools, members): what is in a role is judged for that tenant (decide.ts).
import { PERMISSIONS, type Permission } from './permissions.js';

/** All roles. */
export const ROLES = ['owner', 'admin', 'operator', 'finance', 'reviewer', 'tenant_admin', 'viewer'] as const;

/** What a member or a token is. */
export type Role = (typeof ROLES)[number];

/** For whom a role may be granted: the whole company, one tenant, or either. */
export type RoleReach = 'company' | 'tenant' | 'either';

/** For whom each may be granted. */
export const ROLE_REACH: Readonly<Record<Role, RoleReach>> = {
  owner: 'company',
  admin: 'company',
  operator: 'company',
  finance: 'company',
  reviewer: 'either',
  tenant_admin: 'tenant',
  viewer: 'either',
};

// What anybody may look at: no words of callers, no member, nothing of the record.
const LOOKS = [
  'overview:read',
  'tenants:read',
  'keys:read',
  'pools:read',
  'policies:read',
  'sessions:read',
  'usage:read',
  'costs:read',
  'prices:read',
  'periods:read',
  'statements:read',
  'alerts:read',
] as const satisfies readonly Permission[];

// Money is decided by finance and by the owner: who runs the machines closes no month and approves no price.
const MONEY = [
  'prices:write',
  'prices:approve',
  'ledger:read',
  'ledger:write',
  'periods:write',
  'periods:approve',
  'exports:read',
  'exports:write',
  'cost_centres:read',
  'cost_centres:write',
  'reconciliation:read',
  'reconciliation:write',
] as const satisfies readonly Permission[];

const OF_ROLE: Readonly<Record<Role, readonly Permission[]>> = {
  owner: PERMISSIONS,
  admin: PERMISSIONS.filter(
    (one) => !(['prices:approve', 'periods:approve', 'ledger:write'] as string[]).includes(one),
  ),
  operator: [
    ...LOOKS,
    ...(['pools:write', 'policies:write', 'sessions:end', 'keys:write', 'secrets:read', 'secrets:write'] as const),
    ...(['alerts:write', 'system:read', 'config:read', 'reconciliation:read', 'tokens:read', 'tokens:write'] as const),
  ],
  finance: [...LOOKS, ...MONEY, 'tokens:read', 'tokens:write'],
  reviewer: ['tenants:read', 'sessions:read', 'policies:read', 'reviews:read', 'reviews:write', 'content:read'],
  tenant_admin: [
    ...LOOKS,
    ...(['keys:write', 'sessions:end', 'secrets:read', 'secrets:write', 'reviews:read'] as const),
    ...(['content:erase', 'alerts:write', 'tokens:read', 'tokens:write'] as const),
  ],
  viewer: LOOKS,
};

const SETS = new Map<Role, ReadonlySet<Permission>>(ROLES.map((role) => [role, new Set(OF_ROLE[role])]));

/** What a role may do. */
export function permissionsOf(role: Role): ReadonlySet<Permission> {
  return SETS.get(role) ?? new Set();
}

/** A role by its name; null when there is no such role. */
export function parseRole(text: string): Role | null {
  return ROLES.find((role) => role === text) ?? null;
}

/** Why a role cannot be granted like that; null when it can. */
export function grantProblem(role: Role, tenantId: string | null): string | null {
  const reach = ROLE_REACH[role];
  if (reach === 'company' && tenantId !== null) return `${role} is for the whole company: name no tenant`;
  if (reach === 'tenant' && tenantId === null) return `${role} is for one tenant: name it`;
  return null;
}
