// `/admin/api/v1/tenants/:tenant/secrets`: the client secrets that a tenant's keys minted. What they say is not told: only what they are.
import { Controller, Delete, Get, Inject, Param, Req } from '@nestjs/common';
import type { ClientSecret } from '@trunkline/tenancy';
import { listClientSecrets, revokeClientSecret } from '@trunkline/tenancy/adapters/prisma';
import type { Request } from 'express';
import { z } from 'zod';
import { Allow, OpenToPrograms } from '../access/allow.js';
import { auditedDb } from '../access/audit.js';
import { API_PARTS, type ApiRouteParts } from '../api-parts.js';
import { administered } from '../http/administered.js';
import { Answers } from '../openapi/answers.js';
import { tenantNamed } from '../reads/answers.js';
import { orTooLong } from '../reads/read-within.js';
import { Instant } from '../v1/report-answers.js';
import { isoOf } from '../v1/views.js';

const SecretAnswer = z.strictObject({
  ...{ id: z.string(), keyId: z.string(), kind: z.string(), model: z.string().nullable() },
  ...{ usesMax: z.int().nullable(), uses: z.int(), createdAt: Instant, expiresAt: Instant },
  revokedAt: Instant.nullable(),
});
const SecretsAnswer = z.strictObject({ secrets: z.array(SecretAnswer) });

@Controller('admin/api/v1/tenants/:tenant/secrets')
@OpenToPrograms(true)
export class SecretsController {
  constructor(@Inject(API_PARTS) private readonly parts: ApiRouteParts) {}

  @Allow('secrets:read', 'tenant')
  @Answers(SecretsAnswer, { says: 'The newest 1,000 client secrets of a tenant.' })
  @Get()
  async all(@Param('tenant') tenant: string) {
    const { id } = await orTooLong(tenantNamed(this.parts.tenancy, tenant));
    return { secrets: (await orTooLong(listClientSecrets(this.parts.tenancy, id))).map(secretView) };
  }

  @Allow('secrets:write', 'tenant')
  @Answers(SecretAnswer, { says: 'Ends a client secret, and its sessions within two seconds.' })
  @Delete(':secret')
  async revoke(@Param('tenant') tenant: string, @Param('secret') secretId: string, @Req() request: Request) {
    const { id: tenantId } = await orTooLong(tenantNamed(this.parts.tenancy, tenant));
    const db = auditedDb(this.parts.db, request, { kind: 'client_secret', id: secretId, tenantId, asked: 'revoke' });
    return secretView(administered(await revokeClientSecret({ ...this.parts.tenancy, db }, tenantId, secretId)));
  }
}

function secretView(secret: ClientSecret): z.output<typeof SecretAnswer> {
  const { id, keyId, kind, model, usesMax, uses, createdAtMs, expiresAtMs, revokedAtMs } = secret;
  return {
    ...{ id, keyId, kind, model, usesMax, uses, createdAt: isoOf(createdAtMs), expiresAt: isoOf(expiresAtMs) },
    revokedAt: revokedAtMs === null ? null : isoOf(revokedAtMs),
  };
}
