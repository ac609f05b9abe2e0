// `/admin/api/v1/issuers`: whose tokens apps may bring in place of a key. For the company only: whom we believe is no tenant's choice.
import { Body, Controller, Get, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { CreateJwtIssuerInput, type CreateJwtIssuerRequest } from '@trunkline/tenancy';
import {
  createJwtIssuer,
  listJwtIssuers,
  revokeJwtIssuer,
  type JwtIssuerRecord,
} from '@trunkline/tenancy/adapters/prisma';
import type { Request } from 'express';
import { z } from 'zod';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { administered } from '../http/administered.js';
import { madeOnce } from '../http/make-once.js';
import { Answers } from '../openapi/answers.js';
import { Repeatable } from '../openapi/headers.js';
import { orTooLong } from '../reads/read-within.js';
import { Instant } from '../v1/report-answers.js';
import { isoOf } from '../v1/views.js';

const IssuerAnswer = z.strictObject({
  ...{ id: z.string(), name: z.string(), issuer: z.string(), audiences: z.array(z.string()).readonly() },
  jwksUrl: z.string().nullable().meta({ description: 'null: its keys were given' }),
  algorithms: z.array(z.string()).readonly(),
  tenantId: z.string().nullable().meta({ description: 'null: `tenantClaim` names the tenant' }),
  ...{ tenantClaim: z.string().nullable(), appClaim: z.string(), endUserClaim: z.string().nullable() },
  ...{ skewSeconds: z.int(), revokedAt: Instant.nullable() },
});
const IssuersAnswer = z.strictObject({ issuers: z.array(IssuerAnswer) });

@Controller('admin/api/v1/issuers')
@OpenToPrograms(true)
export class IssuersController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('keys:read')
  @Answers(IssuersAnswer, { says: 'All issuers, revoked ones too, oldest first.' })
  @Get()
  async all() {
    return { issuers: (await orTooLong(listJwtIssuers(this.parts.tenancy))).map(issuerView) };
  }

  @Allow('keys:write')
  @Repeatable()
  @Answers(IssuerAnswer, { says: 'Begins to take the tokens of an issuer.', status: 201 })
  @Post()
  create(@Body({ schema: CreateJwtIssuerInput }) body: CreateJwtIssuerRequest, @Req() request: Request) {
    return madeOnce(this.parts, request, {
      ...{ change: { kind: 'jwt_issuer', id: null, asked: body }, body, answer: IssuerAnswer, view: issuerView },
      make: (db) => createJwtIssuer({ ...this.parts.tenancy, db }, body),
    });
  }

  @Allow('keys:write')
  @Answers(IssuerAnswer, { says: 'Takes none of its tokens any more; the keys of its apps and their sessions end.' })
  @Post(':issuer/revoke')
  @HttpCode(200)
  async revoke(@Param('issuer') named: string, @Req() request: Request) {
    const db = auditedDb(this.parts.db, request, { kind: 'jwt_issuer', id: named, asked: 'revoke' });
    return issuerView(administered(await revokeJwtIssuer({ ...this.parts.tenancy, db }, named)));
  }
}

function issuerView({ keys, tenant, revokedAtMs, ...issuer }: JwtIssuerRecord): z.output<typeof IssuerAnswer> {
  const { id, name, audiences, algorithms, appClaim, endUserClaim, skewSeconds } = issuer;
  return {
    ...{ id, name, issuer: issuer.issuer, audiences, algorithms, appClaim, endUserClaim, skewSeconds },
    jwksUrl: 'url' in keys ? keys.url : null,
    tenantId: 'id' in tenant ? tenant.id : null,
    tenantClaim: 'claim' in tenant ? tenant.claim : null,
    revokedAt: revokedAtMs === null ? null : isoOf(revokedAtMs),
  };
}
