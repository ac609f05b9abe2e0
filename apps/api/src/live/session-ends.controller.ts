// `/admin/api/v1/tenants/:tenant/session-ends`: ends a session, or all that are open now of a key or of the tenant.
import { Controller, HttpCode, Inject, Param, Post, Req } from '@nestjs/common';
import { trustedId } from '@trunkline/kernel';
import { askSessionEnds } from '@trunkline/tenancy/adapters/prisma';
import type { Request } from 'express';
import { z } from 'zod';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { RefusedRequest } from '../http/problem.js';
import { readJson } from '../http/read-json.js';
import { tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';

const ID = z.string().min(1).max(100);
const EndBody = z
  .strictObject({ session: ID.optional(), key: ID.optional() })
  .refine(({ session, key }) => session === undefined || key === undefined, 'name a session or a key, not both');

@Controller('admin/api/v1/tenants/:tenant/session-ends')
@OpenToPrograms(true)
export class SessionEndsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** Asks for it; what is open ends within two seconds. `open`: how many it is about. */
  @Allow('sessions:end')
  @Post()
  @HttpCode(202)
  async end(@Param('tenant') named: string, @Req() request: Request) {
    const { session, key } = await readJson(EndBody, request);
    const { db, tenancy } = this.parts;
    const { id: tenantId } = await tenantNamed(tenancy, named);
    const asked = { ...(session === undefined ? {} : { id: session }), ...(key === undefined ? {} : { keyId: key }) };
    const where = { tenantId, endCause: null, closedAt: null, openedAt: { not: null }, ...asked };
    const open = await orTooLong(db.session.count({ where }));
    if (session !== undefined && open === 0) throw nothingOpen();
    const object = session ?? key ?? tenantId;
    const kind = session === undefined ? 'sessions' : 'session';
    const change = { kind, id: object, tenantId, asked: { session, key, open } };
    await askSessionEnds({ ...tenancy, db: auditedDb(db, request, change) }, tenantId, {
      sessionId: session === undefined ? null : trustedId('ses', session),
      keyId: key === undefined ? null : trustedId('key', key),
    });
    return { open };
  }
}

function nothingOpen(): RefusedRequest {
  const detail = 'No such session of this tenant is open: it has ended already, or its id is another one.';
  return new RefusedRequest('session_not_found', { detail });
}
