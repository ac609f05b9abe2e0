// Services on API keys. Each takes the tenant whose keys they are: a key of another tenant is not found.
import { err, mintId, ok, type ApiKeyId, type TenantId } from '@trunkline/kernel';
import {
  checkInput,
  CreateKeyInput,
  displayOf,
  mintKey,
  type Administered,
  type ApiKeyRecord,
  type CreatedKey,
  type CreateKeyRequest,
} from '../../index.js';
import type { TenancyContext } from './context.js';
import { apiKeyOf, storedList } from './tenancy-rows.js';
import { tenantNotFound } from './tenants.js';

/** Makes a key. Its secret is in the answer and nowhere else. */
export async function createKey(
  context: TenancyContext,
  tenantId: TenantId,
  request: CreateKeyRequest,
): Administered<CreatedKey> {
  const input = checkInput(CreateKeyInput, request);
  if (!input.ok) return input;
  const { name, sessionsMax, models, origins, expiresAt } = input.value;
  const nowMs = context.clock.nowMs();
  if (expiresAt !== null && expiresAt.getTime() <= nowMs)
    return err({ code: 'invalid_input', message: 'expiresAt must be in the future.', fields: ['expiresAt'] });
  const tenant = await context.db.tenant.findUnique({ where: { id: tenantId }, select: { id: true } });
  if (!tenant) return err(tenantNotFound(tenantId));
  const secret = mintKey(context.randomBytes);
  const row = await context.db.apiKey.create({
    data: {
      id: mintId('key', nowMs, context.randomBytes),
      tenantId,
      name,
      hmac: context.hashKey(secret),
      ...displayOf(secret),
      sessionsMax,
      models: storedList(models),
      origins: storedList(origins),
      expiresAt,
    },
  });
  return ok({ key: apiKeyOf(row), secret });
}

/** Revokes a key for ever: its live sessions end within two seconds. Revoking again changes nothing. */
export async function revokeKey(
  context: TenancyContext,
  tenantId: TenantId,
  keyId: ApiKeyId,
): Administered<ApiKeyRecord> {
  const where = { id: keyId, tenantId };
  await context.db.apiKey.updateMany({
    where: { ...where, revokedAt: null },
    data: { revokedAt: new Date(context.clock.nowMs()) },
  });
  const row = await context.db.apiKey.findUnique({ where });
  if (row) return ok(apiKeyOf(row));
  return err({ code: 'key_not_found', message: `This tenant has no key ${JSON.stringify(keyId.slice(0, 80))}.` });
}

/** The tenant's keys, revoked ones too, oldest first. */
export async function listKeys(context: TenancyContext, tenantId: TenantId): Promise<readonly ApiKeyRecord[]> {
  return (await context.db.apiKey.findMany({ where: { tenantId }, orderBy: { id: 'asc' } })).map(apiKeyOf);
}
