import { trustedId } from '@trunkline/kernel';
import { decide, grantsBeyond, TenantScope } from './decide.js';
import { PERMISSIONS } from './permissions.js';
import { accessPrincipal, operatorPrincipal, type Grant } from './principal.js';
import { grantProblem, permissionsOf, ROLES, type Role } from './roles.js';

const OURS = trustedId('tnt', 'tnt_ours');
const THEIRS = trustedId('tnt', 'tnt_theirs');
const member = (...grants: readonly Grant[]) =>
  accessPrincipal({
    ...{ kind: 'member', id: 'mbr_1', name: 'ann', memberId: trustedId('mbr', 'mbr_1'), person: 'mbr_1' },
    grants,
    source: { kind: 'session', sessionId: trustedId('ads', 'ads_1'), stepUpUntilMs: 0 },
  });
const inTenant = (role: Role): Grant => ({ role, tenantId: OURS });
const inCompany = (role: Role): Grant => ({ role, tenantId: null });
const TENANT_ROLES = ROLES.filter((role) => grantProblem(role, OURS) === null);

describe('a decision', () => {
  it.each(TENANT_ROLES)('hides every other tenant from a %s of one, whatever is asked', (role) => {
    const principal = member(inTenant(role));
    expect(new Set(PERMISSIONS.map((each) => decide(principal, each, THEIRS)))).toEqual(new Set(['hidden']));
    expect(new Set(PERMISSIONS.map((each) => decide(principal, each, null)))).toEqual(new Set(['forbidden']));
  });

  it.each(TENANT_ROLES)('gives a %s in the tenant what the role has, and no more', (role) => {
    const given = PERMISSIONS.filter((each) => decide(member(inTenant(role)), each, OURS) === 'allowed');
    expect(new Set(given)).toEqual(permissionsOf(role));
  });

  it('lets the owner and the operator do everything anywhere, and who has no grant nothing', () => {
    for (const permission of PERMISSIONS)
      for (const tenantId of [null, OURS]) {
        expect(decide(member(inCompany('owner')), permission, tenantId)).toBe('allowed');
        expect(decide(operatorPrincipal(), permission, tenantId)).toBe('allowed');
        expect(decide(member(), permission, tenantId)).not.toBe('allowed');
      }
  });

  it('adds grants up by tenant and never across', () => {
    const principal = member(inTenant('tenant_admin'), { role: 'viewer', tenantId: THEIRS });
    expect(decide(principal, 'keys:write', OURS)).toBe('allowed');
    expect(decide(principal, 'keys:write', THEIRS)).toBe('forbidden');
  });
});

describe('roles', () => {
  it('leave closes and approvals to who answers for money', () => {
    const approving = ROLES.filter((role) => permissionsOf(role).has('periods:approve'));
    expect(approving).toEqual(['owner', 'finance']);
    expect(ROLES.filter((role) => permissionsOf(role).has('prices:approve'))).toEqual(approving);
  });

  it('show what callers said to reviewers, administrators and owners only', () => {
    expect(ROLES.filter((role) => permissionsOf(role).has('content:read'))).toEqual(['owner', 'admin', 'reviewer']);
    const erasing = ROLES.filter((role) => permissionsOf(role).has('content:erase'));
    expect(erasing).toEqual(['owner', 'admin', 'tenant_admin']);
  });

  it('are granted where they make sense', () => {
    expect(grantProblem('finance', OURS)).toContain('name no tenant');
    expect(grantProblem('tenant_admin', null)).toContain('name it');
    for (const tenantId of [OURS, null]) expect(grantProblem('reviewer', tenantId)).toBeNull();
  });
});

describe('a scope', () => {
  it('holds the tenants of the grants that have the permission', () => {
    const principal = member(inTenant('tenant_admin'), { role: 'reviewer', tenantId: THEIRS });
    expect(TenantScope.of(principal, 'keys:read').ids).toEqual([OURS]);
    expect(TenantScope.of(principal, 'tenants:read').ids).toEqual([OURS, THEIRS]);
    expect(TenantScope.of(principal, 'members:read').isEmpty).toBe(true);
    expect(TenantScope.of(member(inCompany('viewer'), inTenant('viewer')), 'keys:read').isWhole).toBe(true);
  });
});

describe('handing on', () => {
  it('never gives more than somebody has', () => {
    const admin = member(inCompany('admin'));
    expect(grantsBeyond(admin, [inCompany('owner')])).toHaveLength(1);
    expect(grantsBeyond(admin, [inCompany('finance')])).toHaveLength(1);
    expect(grantsBeyond(admin, [inCompany('operator'), inTenant('tenant_admin')])).toEqual([]);
    expect(grantsBeyond(member(inTenant('tenant_admin')), [{ role: 'viewer', tenantId: THEIRS }])).toHaveLength(1);
  });
});

describe('a principal', () => {
  it('cannot be made of nobody', () => {
    const nobody = { kind: 'token', memberId: null, person: 'ann', source: { kind: 'operator' }, grants: [] } as const;
    expect(() => accessPrincipal({ ...nobody, id: ' ', name: 'x' })).toThrow();
    expect(() => accessPrincipal({ ...nobody, id: 'x', name: '' })).toThrow();
    expect(() => accessPrincipal({ ...nobody, kind: 'member', id: 'mbr', name: 'ann' })).toThrow();
    expect(() => accessPrincipal({ ...nobody, id: 'x', name: 'x', person: null })).toThrow();
  });

  it('of the operator is nobody in particular', () => expect(operatorPrincipal().person).toBeNull());
});
