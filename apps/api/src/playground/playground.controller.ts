// `/admin/api/v1/tenants/:tenant/playground-secrets`: client secrets for the dashboard's playground, so that no key and no upstream
// key ever reaches a browser. Each opens one session, from the page that asked, within ten minutes, and pins nothing but its model:
// what gates judge is judged there as in any session.
import { Controller, Get, Inject, Param, Post, Req } from '@nestjs/common';
import { mintClientSecret } from '@trunkline/tenancy';
import { listKeys, PrismaClientSecrets } from '@trunkline/tenancy/adapters/prisma';
import type { Request } from 'express';
import { z } from 'zod';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { RefusedRequest } from '../http/problem.js';
import { readJson } from '../http/read-json.js';
import { tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';

const SECONDS = 600;

const SecretBody = z.strictObject({
  key: z.string().min(1).max(100),
  model: z
    .string()
    .regex(/^[\w.:-]{1,100}$/, 'must be the name of a model')
    .default('gpt-realtime'),
});

@Controller('admin/api/v1/tenants/:tenant/playground-secrets')
@OpenToPrograms(true)
export class PlaygroundController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  /** The keys that a talk can be billed to. */
  @Allow('secrets:write')
  @Get()
  async keys(@Param('tenant') named: string) {
    const { id } = await tenantNamed(this.parts.tenancy, named);
    return { keys: (await this.#usable(id)).map(({ id: keyId, name }) => ({ id: keyId, name })) };
  }

  /** Makes one; `secret` is shown now and never again. */
  @Allow('secrets:write')
  @Post()
  async mint(@Param('tenant') named: string, @Req() request: Request) {
    const { key: wanted, model } = await readJson(SecretBody, request);
    const { db, tenancy } = this.parts;
    const { id: tenantId } = await tenantNamed(tenancy, named);
    const key = (await this.#usable(tenantId)).find(({ id }) => id === wanted);
    if (key === undefined) throw new RefusedRequest('does_not_hold', { detail: 'The tenant has no such active key.' });
    const { origin } = request.headers;
    const secret = mintClientSecret(tenancy.randomBytes);
    const asked = { playground: { key: key.id, model } };
    const audited = auditedDb(db, request, { kind: 'client_secret', id: null, tenantId, asked, withoutResult: true });
    const minted = await new PrismaClientSecrets({ ...tenancy, db: audited }).mint({
      ...{ tenantId, keyId: key.id, kind: 'realtime', model, session: { type: 'realtime', model }, pinned: [] },
      ...{ origins: origin === undefined ? null : [origin], usesMax: 1, endUser: null, judgedBy: null },
      ...{ seconds: SECONDS, hmac: tenancy.hashKey(secret) },
    });
    if (minted.ok) return { secret, expiresAt: new Date(minted.value.expiresAtMs).toISOString() };
    throw new RefusedRequest('does_not_hold', { detail: 'This key mints too many client secrets: wait a minute.' });
  }

  async #usable(tenantId: Parameters<typeof listKeys>[1]) {
    const { tenancy } = this.parts;
    const nowMs = tenancy.clock.nowMs();
    const keys = await orTooLong(listKeys(tenancy, tenantId));
    return keys.filter(
      ({ status, scopes, expiresAtMs }) =>
        status === 'active' && scopes.includes('sessions') && (expiresAtMs === null || expiresAtMs > nowMs),
    );
  }
}
