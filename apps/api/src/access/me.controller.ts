// `/admin/api/v1/me`: who asks, and what they may do. What cannot work need not be offered; the routes decide all the same.
import { Controller, Get, Inject, Req } from '@nestjs/common';
import { PERMISSIONS, TenantScope, type AccessPrincipal, type TenantRecord } from '@trunkline/tenancy';
import { listTenants } from '@trunkline/tenancy/adapters/prisma';
import type { Request } from 'express';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { RefusedRequest } from '../http/problem.js';
import { orTooLong } from '../reads/read-within.js';
import { OpenToPrograms, OpenWithoutSession } from './allow.js';
import { identify } from './identify.js';

@Controller('admin/api/v1/me')
@OpenToPrograms(true)
export class MeController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** Open, since it needs no permission: it tells everybody of themselves only, and nobody of nobody. */
  @Get()
  @OpenWithoutSession(true)
  async me(@Req() request: Request) {
    const principal = await identify(this.parts, request, true);
    if (principal === null) throw new RefusedRequest('sign_in_required', { detail: 'Open a one-time admin link.' });
    const { upstream, gatewayUrl, tenancy, rows } = this.parts;
    const bound = principal.grants.flatMap(({ tenantId }) => tenantId ?? []);
    const tenants = bound.length === 0 ? [] : await orTooLong(rows.within(bound, () => listTenants(tenancy)));
    const { kind, id, name, source, grants } = principal;
    const stepUpUntil = source.kind === 'session' ? new Date(source.stepUpUntilMs).toISOString() : null;
    const named = (tenantId: string | null) => nameOf(tenants.find((tenant) => tenant.id === tenantId));
    return {
      ...{ kind, id, name, stepUpUntil, upstream, gatewayUrl },
      roles: grants.map(({ role, tenantId }) => ({ role, tenant: named(tenantId) })),
      permissions: PERMISSIONS.filter((permission) => TenantScope.of(principal, permission).isWhole),
      tenants: tenants.flatMap((tenant) => boundIn(principal, tenant)),
    };
  }
}

function boundIn(principal: AccessPrincipal, tenant: TenantRecord) {
  const permissions = PERMISSIONS.filter((permission) => {
    const scope = TenantScope.of(principal, permission);
    return !scope.isWhole && scope.includes(tenant.id);
  });
  return permissions.length === 0 ? [] : [{ ...nameOf(tenant), permissions }];
}

function nameOf(tenant: TenantRecord | undefined) {
  return tenant === undefined ? null : { id: tenant.id, slug: tenant.slug, name: tenant.name };
}
