// `/admin/api/v1/tenants`: who pays, and how much they may. The steps are those of the command line.
import { Body, Controller, Get, HttpCode, Inject, Param, Patch, Post, Query, Req, Res } from '@nestjs/common';
import { chargedInAll } from '@trunkline/ledger/adapters/prisma';
import {
  CreateTenantInput,
  UpdateTenantInput,
  type CreateTenantRequest,
  type TenantRecord,
  type UpdateTenantRequest,
} from '@trunkline/tenancy';
import {
  archiveTenant,
  createTenant,
  findTenant,
  pageOfTenants,
  TENANT_STATES,
  updateTenant,
} from '@trunkline/tenancy/adapters/prisma';
import type { Request, Response } from 'express';
import type { z } from 'zod';
import { accessOf } from '../access/access-of.js';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { edited, tagged } from '../http/edit.js';
import { madeOnce } from '../http/make-once.js';
import { pageQuery } from '../http/page-query.js';
import { Answers } from '../openapi/answers.js';
import { Conditional, Repeatable } from '../openapi/headers.js';
import { tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';
import { TenantAnswer, TenantsAnswer, tenantView } from './tenant-answers.js';

const TenantsQuery = pageQuery(TENANT_STATES);

@Controller('admin/api/v1/tenants')
@OpenToPrograms(true)
export class TenantsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** A page by slug; archived ones only where that state is asked for. */
  @Allow('tenants:read', 'tenants')
  @Answers(TenantsAnswer, { says: 'Tenants by slug, page by page.' })
  @Get()
  async all(@Query({ schema: TenantsQuery }) query: z.output<typeof TenantsQuery>, @Req() request: Request) {
    const { rows, next } = await orTooLong(pageOfTenants(this.parts.tenancy, accessOf(request).scope.ids, query));
    return { tenants: rows.map(tenantView), next };
  }

  @Allow('tenants:write')
  @Repeatable()
  @Answers(TenantAnswer, { says: 'Makes a tenant.', status: 201 })
  @Post()
  create(@Body({ schema: CreateTenantInput }) body: CreateTenantRequest, @Req() request: Request) {
    return madeOnce(this.parts, request, {
      ...{ change: { kind: 'tenant', id: null, asked: body }, body, answer: TenantAnswer, view: tenantView },
      make: (db) => createTenant({ ...this.parts.tenancy, db }, body),
    });
  }

  @Allow('tenants:read', 'tenant')
  @Answers(TenantAnswer, { says: 'One tenant with its limits.' })
  @Get(':tenant')
  async one(@Param('tenant') named: string, @Res({ passthrough: true }) response: Response) {
    return tagged(response, await orTooLong(tenantNamed(this.parts.tenancy, named)), tenantView);
  }

  /** Limits and budgets too. Suspending ends its live sessions within two seconds. */
  @Allow('tenants:write')
  @Conditional()
  @Answers(TenantAnswer, { says: 'Changes what is named: name, status, cap, limits and budgets.' })
  @Patch(':tenant')
  async update(
    @Param('tenant') named: string,
    @Body({ schema: UpdateTenantInput }) body: UpdateTenantRequest,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.edit(named, { request, response, asked: body }, (context, id) => updateTenant(context, id, body));
  }

  @Allow('tenants:write')
  @Conditional()
  @Answers(TenantAnswer, { says: 'Puts a tenant away for good: keys revoked, live sessions ended, books kept.' })
  @Post(':tenant/archive')
  @HttpCode(200)
  async archive(
    @Param('tenant') named: string,
    @Req() request: Request,
    @Res({ passthrough: true }) response: Response,
  ) {
    return this.edit(named, { request, response, asked: 'archive' }, async (context, id) =>
      archiveTenant(context, id, await chargedInAll(this.parts.db, { tenantId: id, keyId: null })),
    );
  }

  private async edit(
    named: string,
    { asked, ...exchange }: { readonly request: Request; readonly response: Response; readonly asked: unknown },
    act: (context: ApiRouteParts['tenancy'], id: TenantRecord['id']) => ReturnType<typeof updateTenant>,
  ) {
    const { id } = await orTooLong(tenantNamed(this.parts.tenancy, named));
    return edited(this.parts.db, exchange, {
      thing: { kind: 'tenant', tenantId: id },
      change: { kind: 'tenant', id, tenantId: id, asked },
      make: (db) => act({ ...this.parts.tenancy, db }, id),
      read: () => findTenant(this.parts.tenancy, id),
      view: tenantView,
    });
  }
}
