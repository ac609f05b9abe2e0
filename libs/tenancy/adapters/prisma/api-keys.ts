// Services on API keys. Each takes the tenant whose keys they are: a key of another tenant is not found.
import { err, mintId, ok, type ApiKeyId, type TenantId } from '@trunkline/kernel';
import {
  checkInput,
  CreateKeyInput,
  displayOf,
  holderProblems,
  mintKey,
  refusalOf,
  UpdateKeyInput,
  type Administered,
  type ApiKeyRecord,
  type CreatedKey,
  type CreateKeyRequest,
  type UpdateKeyRequest,
} from '../../index.js';
import type { TenancyContext } from './context.js';
import { changing, keyOf, lockTenant, type Tx } from './locks.js';
import { keyNotFound, tenantArchived } from './not-found.js';
import { keyFloors } from './share-claims.js';
import { apiKeyOf, storedList } from './tenancy-rows.js';

/** Makes a key. Its secret is in the answer and nowhere else. */
export async function createKey(
  context: TenancyContext,
  tenantId: TenantId,
  request: CreateKeyRequest,
): Administered<CreatedKey> {
  const input = checkInput(CreateKeyInput, request);
  if (!input.ok) return input;
  const { name, sessionsMax, models, origins, scopes, expiresAt } = input.value;
  const nowMs = context.clock.nowMs();
  if (expiresAt !== null && expiresAt.getTime() <= nowMs)
    return err({ code: 'invalid_input', message: 'expiresAt must be in the future.', fields: ['expiresAt'] });
  const secret = mintKey(context.randomBytes);
  const data = {
    ...{ id: mintId('key', nowMs, context.randomBytes), tenantId, name, hmac: context.hashKey(secret) },
    ...displayOf(secret),
    ...{ sessionsMax, models: storedList(models), origins: storedList(origins), scopes, expiresAt },
  };
  return changing(context.db, async (tx) => {
    const tenant = await lockTenant(tx, tenantId);
    if (!tenant.ok) return tenant;
    if (tenant.value.archivedAtMs !== null) return err(tenantArchived(tenant.value.slug));
    return ok({ key: apiKeyOf(await tx.apiKey.create({ data })), secret });
  });
}

/** Changes what the request names. A cap below what the key is guaranteed is refused. */
export async function updateKey(
  { db }: TenancyContext,
  tenantId: TenantId,
  keyId: ApiKeyId,
  request: UpdateKeyRequest,
): Administered<ApiKeyRecord> {
  const input = checkInput(UpdateKeyInput, request);
  if (!input.ok) return input;
  return changing(db, async (tx) => {
    const tenant = await lockTenant(tx, tenantId);
    if (!tenant.ok) return tenant;
    const key = await keyOf(tx, tenantId, keyId);
    if (key === null) return err(keyNotFound(keyId));
    const { name = key.name, sessionsMax, models, origins } = input.value;
    const refusal = sessionsMax === undefined ? null : refusalOf(await capProblems(tx, keyId, sessionsMax));
    if (refusal) return err(refusal);
    const data = {
      name,
      ...(sessionsMax === undefined ? {} : { sessionsMax }),
      ...(models === undefined ? {} : { models: storedList(models) }),
      ...(origins === undefined ? {} : { origins: storedList(origins) }),
    };
    return ok(apiKeyOf(await tx.apiKey.update({ where: { id: keyId, tenantId }, data })));
  });
}

/**
 * Revokes a key for ever: its live sessions end within two seconds, and what was held back for it is its tenant's again.
 * Revoking again changes nothing.
 */
export async function revokeKey(
  context: TenancyContext,
  tenantId: TenantId,
  keyId: ApiKeyId,
): Administered<ApiKeyRecord> {
  return changing(context.db, async (tx) => {
    const tenant = await lockTenant(tx, tenantId);
    const key = tenant.ok ? await keyOf(tx, tenantId, keyId) : null;
    if (key === null) return err(keyNotFound(keyId));
    if (key.status === 'revoked') return ok(key);
    await tx.poolKeyShare.deleteMany({ where: { keyId, tenantId } });
    const data = { revokedAt: new Date(context.clock.nowMs()) };
    return ok(apiKeyOf(await tx.apiKey.update({ where: { id: keyId, tenantId }, data })));
  });
}

/** Makes a key useless until it is resumed: its live sessions end within two seconds. What is held back for it stays. */
export function suspendKey(
  context: Pick<TenancyContext, 'db' | 'clock'>,
  tenantId: TenantId,
  keyId: ApiKeyId,
): Administered<ApiKeyRecord> {
  return setSuspended(context, { tenantId, keyId }, new Date(context.clock.nowMs()));
}

/** Makes a suspended key good again. A revoked one stays revoked. */
export function resumeKey(
  context: Pick<TenancyContext, 'db' | 'clock'>,
  tenantId: TenantId,
  keyId: ApiKeyId,
): Administered<ApiKeyRecord> {
  return setSuspended(context, { tenantId, keyId }, null);
}

async function setSuspended(
  { db }: Pick<TenancyContext, 'db'>,
  { tenantId, keyId }: { readonly tenantId: TenantId; readonly keyId: ApiKeyId },
  suspendedAt: Date | null,
): Administered<ApiKeyRecord> {
  return changing(db, async (tx) => {
    const tenant = await lockTenant(tx, tenantId);
    const key = tenant.ok ? await keyOf(tx, tenantId, keyId) : null;
    if (key === null) return err(keyNotFound(keyId));
    const isThere = suspendedAt === null ? key.status !== 'suspended' : key.status !== 'active';
    if (isThere) return ok(key);
    return ok(apiKeyOf(await tx.apiKey.update({ where: { id: keyId, tenantId }, data: { suspendedAt } })));
  });
}

/** One key of the tenant. */
export async function findKey(
  { db }: Pick<TenancyContext, 'db'>,
  tenantId: TenantId,
  named: string,
): Administered<ApiKeyRecord> {
  const row = await db.apiKey.findFirst({ where: { id: named, tenantId } });
  return row ? ok(apiKeyOf(row)) : err(keyNotFound(named));
}

/** The tenant's keys, revoked ones too, oldest first. */
export async function listKeys(context: TenancyContext, tenantId: TenantId): Promise<readonly ApiKeyRecord[]> {
  return (await context.db.apiKey.findMany({ where: { tenantId }, orderBy: { id: 'asc' } })).map(apiKeyOf);
}

async function capProblems(tx: Tx, keyId: ApiKeyId, sessionsMax: number | null): Promise<readonly string[]> {
  const floors = [...(await keyFloors(tx, keyId)).values()];
  return holderProblems({ kind: 'key', name: keyId, sessionsMax, floors });
}
