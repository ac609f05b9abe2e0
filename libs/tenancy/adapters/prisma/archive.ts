// Puts tenants and keys away. Nothing is deleted: the books name them for ever. What they had been charged by then is kept beside
// them, as whoever calls read it from the ledger, so that a list of what was put away can say it without adding up years.
import { err, formatAmount, ok, type AmountPico, type ApiKeyId, type TenantId } from '@trunkline/kernel';
import type { Administered, ApiKeyRecord, TenantRecord } from '../../index.js';
import type { TenancyContext } from './context.js';
import { changing, keyOf, lockTenant } from './locks.js';
import { keyNotFound } from './not-found.js';
import { apiKeyOf, tenantOf } from './tenancy-rows.js';

type ArchiveContext = Pick<TenancyContext, 'db' | 'clock'>;

/**
 * Shuts a tenant out for good: its keys are revoked, so its live sessions end within two seconds, and what was held back for it is
 * everybody's again. Once more changes nothing.
 */
export function archiveTenant(
  { db, clock }: ArchiveContext,
  tenantId: TenantId,
  spend: AmountPico,
): Administered<TenantRecord> {
  return changing(db, async (tx) => {
    const tenant = await lockTenant(tx, tenantId);
    if (!tenant.ok || tenant.value.archivedAtMs !== null) return tenant;
    const now = new Date(clock.nowMs());
    await tx.poolKeyShare.deleteMany({ where: { tenantId } });
    await tx.poolShare.deleteMany({ where: { tenantId } });
    await tx.apiKey.updateMany({ where: { tenantId, revokedAt: null }, data: { revokedAt: now } });
    const data = { status: 'suspended', archivedAt: now, archivedSpend: formatAmount(spend), updatedAt: now };
    return ok(tenantOf(await tx.tenant.update({ where: { id: tenantId }, data })));
  });
}

/** Puts a revoked key away. Once more changes nothing. */
export function archiveKey(
  { db, clock }: ArchiveContext,
  { tenantId, keyId }: { readonly tenantId: TenantId; readonly keyId: ApiKeyId },
  spend: AmountPico,
): Administered<ApiKeyRecord> {
  return changing(db, async (tx) => {
    const tenant = await lockTenant(tx, tenantId);
    const key = tenant.ok ? await keyOf(tx, tenantId, keyId) : null;
    if (key === null) return err(keyNotFound(keyId));
    if (key.archivedAtMs !== null) return ok(key);
    if (key.status !== 'revoked')
      return err({ code: 'does_not_hold', message: 'This key still works: revoke it first, then archive it.' });
    const data = { archivedAt: new Date(clock.nowMs()), archivedSpend: formatAmount(spend) };
    return ok(apiKeyOf(await tx.apiKey.update({ where: { id: keyId, tenantId }, data })));
  });
}
