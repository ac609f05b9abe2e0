// `/admin/api/v1/members`: who may use the control plane, and their roles.
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { ROLES, type Grant } from '@trunkline/tenancy';
import {
  disableMember,
  enableMember,
  grantRole,
  listMembers,
  revokeRole,
  type MemberRecord,
} from '@trunkline/tenancy/adapters/prisma';
import type { Request } from 'express';
import { z } from 'zod';
import { accessOf } from '../access/access-of.js';
import { Allow, NeedsStepUp, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { readJson } from '../http/read-json.js';
import { tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';
import { isoOf } from '../v1/views.js';
import { administered } from '../http/administered.js';

const NoQuery = z.strictObject({});
/** A role for the company (`tenant` null) or for a tenant, by slug or id. */
export const GrantBody = z.strictObject({
  role: z.enum(ROLES, `must be one of ${ROLES.join(', ')}`),
  tenant: z.string().min(1).max(100).nullable().default(null),
});

@Controller('admin/api/v1/members')
@OpenToPrograms(true)
export class MembersController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** All, oldest first. */
  @Allow('members:read')
  @Get()
  async all(@Query() query: unknown) {
    checkQuery(NoQuery, query);
    return { members: (await orTooLong(listMembers(this.parts.db))).map(memberView) };
  }

  /** Gives a role. */
  @Allow('members:write')
  @NeedsStepUp(true)
  @Post(':id/grants')
  @HttpCode(200)
  grant(@Param('id') id: string, @Req() request: Request) {
    return this.change(id, request, 'grant');
  }

  /** Takes a role away: the member's next request is without it. */
  @Allow('members:write')
  @NeedsStepUp(true)
  @Post(':id/revocations')
  @HttpCode(200)
  revoke(@Param('id') id: string, @Req() request: Request) {
    return this.change(id, request, 'revoke');
  }

  /** Shuts a member out: sessions and tokens end at once. */
  @Allow('members:write')
  @NeedsStepUp(true)
  @Post(':id/disable')
  @HttpCode(200)
  disable(@Param('id') id: string, @Req() request: Request) {
    return this.act(id, request, 'disable');
  }

  /** Lets a member in again, with the roles that they have. */
  @Allow('members:write')
  @NeedsStepUp(true)
  @Post(':id/enable')
  @HttpCode(200)
  enable(@Param('id') id: string, @Req() request: Request) {
    return this.act(id, request, 'enable');
  }

  private async act(id: string, request: Request, verb: 'disable' | 'enable') {
    const { principal } = accessOf(request);
    const context = {
      ...this.parts.tenancy,
      db: auditedDb(this.parts.db, request, { kind: 'member', id, asked: verb }),
    };
    const act = verb === 'disable' ? disableMember : enableMember;
    return memberView(administered(await act(context, { principal, name: principal.id }, id)));
  }

  private async change(id: string, request: Request, verb: 'grant' | 'revoke') {
    const { role, tenant } = await readJson(GrantBody, request);
    const tenantId = tenant === null ? null : (await tenantNamed(this.parts.tenancy, tenant)).id;
    const grant: Grant = { role, tenantId };
    const { principal } = accessOf(request);
    const change = { kind: 'member', id, asked: { [verb]: grant } };
    const context = { ...this.parts.tenancy, db: auditedDb(this.parts.db, request, change) };
    const act = verb === 'grant' ? grantRole : revokeRole;
    return memberView(administered(await act(context, { principal, name: principal.id }, { memberId: id, grant })));
  }
}

function memberView({ createdAtMs, seenAtMs, disabledAtMs, ...member }: MemberRecord) {
  const orNull = (ms: number | null) => (ms === null ? null : isoOf(ms));
  return { ...member, createdAt: isoOf(createdAtMs), seenAt: orNull(seenAtMs), disabledAt: orNull(disabledAtMs) };
}
