// `/admin/api/v1/tokens`: credentials of programs for this API. Everybody sees and ends their own; who may see members, all.
import { Controller, Get, HttpCode, Inject, Param, Post, Query, Req } from '@nestjs/common';
import { trustedId } from '@trunkline/kernel';
import { decide, type Grant } from '@trunkline/tenancy';
import {
  createToken,
  listTokens,
  revokeToken,
  TOKEN_DAYS_MAX,
  type ApiTokenRecord,
  type WhoseTokens,
} from '@trunkline/tenancy/adapters/prisma';
import type { Request } from 'express';
import { z } from 'zod';
import { accessOf, personNamed } from '../access/access-of.js';
import { AboutPeople, Allow, NeedsStepUp, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { checkQuery } from '../http/check-query.js';
import { readJson } from '../http/read-json.js';
import { noSuchTenant, tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';
import { isoOf } from '../v1/views.js';
import { administered } from '../http/administered.js';
import { GrantBody } from './members.controller.js';

const GRANTS_MAX = 50;
const NoQuery = z.strictObject({});
const TokenBody = z.strictObject({
  name: z.string(),
  days: z.number().int().min(1).max(TOKEN_DAYS_MAX).default(90),
  grants: z.array(GrantBody).min(1).max(GRANTS_MAX),
});

@Controller('admin/api/v1/tokens')
@AboutPeople(true)
@OpenToPrograms(true)
export class TokensController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** The newest first. */
  @Allow('tokens:read', 'tenants')
  @Get()
  async all(@Query() query: unknown, @Req() request: Request) {
    checkQuery(NoQuery, query);
    return { tokens: (await orTooLong(listTokens(this.parts.db, visibleTo(request)))).map(tokenView) };
  }

  /** Makes one: `secret` is shown now and never again. */
  @Allow('tokens:write', 'tenants')
  @NeedsStepUp(true)
  @Post()
  async create(@Req() request: Request) {
    const { grants: wanted, ...rest } = await readJson(TokenBody, request);
    const grants: Grant[] = [];
    for (const { role, tenant } of wanted) grants.push({ role, tenantId: await this.tenantOf(request, tenant) });
    const asked = { ...rest, grants };
    const context = {
      ...this.parts.tenancy,
      db: auditedDb(this.parts.db, request, { kind: 'api_token', id: null, asked }),
    };
    const { principal } = accessOf(request);
    // The operator's programs hold the installation; all others give what they have.
    const maker = { principal: principal.kind === 'operator' ? null : principal, name: personNamed(request) };
    const { token, secret } = administered(await createToken(context, maker, asked));
    return { ...tokenView(token), secret };
  }

  /** Ends one at once. */
  @Allow('tokens:write', 'tenants')
  @Post(':id/revoke')
  @HttpCode(200)
  async revoke(@Param('id') id: string, @Req() request: Request) {
    const db = auditedDb(this.parts.db, request, { kind: 'api_token', id, asked: 'revoke' });
    return tokenView(administered(await revokeToken({ ...this.parts.tenancy, db }, id, visibleTo(request))));
  }

  private async tenantOf(request: Request, named: string | null): Promise<Grant['tenantId']> {
    if (named === null) return null;
    const { id } = await orTooLong(tenantNamed(this.parts.tenancy, named));
    if (accessOf(request).scope.includes(id)) return id;
    throw noSuchTenant(named);
  }
}

// A token that no member made sees itself.
function visibleTo(request: Request): WhoseTokens {
  const { principal } = accessOf(request);
  if (decide(principal, 'members:read', null) === 'allowed') return 'everybody';
  if (principal.memberId !== null) return { memberId: principal.memberId };
  return { id: trustedId('tok', principal.id) };
}

function tokenView({ createdAtMs, expiresAtMs, revokedAtMs, usedAtMs, ...token }: ApiTokenRecord) {
  const orNull = (ms: number | null) => (ms === null ? null : isoOf(ms));
  return {
    ...{ ...token, createdAt: isoOf(createdAtMs), expiresAt: isoOf(expiresAtMs) },
    ...{ revokedAt: orNull(revokedAtMs), usedAt: orNull(usedAtMs) },
  };
}
