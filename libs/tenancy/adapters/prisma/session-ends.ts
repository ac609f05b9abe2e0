import { trustedId, type ApiKeyId, type SessionId, type TenantId } from '@trunkline/kernel';
import type { Prisma } from '@trunkline/platform/database';
import { SESSION_ENDS_FOR_MS, type SessionEnd } from '../../index.js';
import type { TenancyContext } from './context.js';

/**
 * Asks every gateway to end sessions of a tenant: one, those of a key, or (neither) all that are open now. They end within two
 * seconds. Requests that no session is left for are swept.
 */
export async function askSessionEnds(
  { db, clock }: Pick<TenancyContext, 'db' | 'clock'>,
  tenantId: TenantId,
  { keyId = null, sessionId = null }: { readonly keyId?: ApiKeyId | null; readonly sessionId?: SessionId | null },
): Promise<SessionEnd> {
  const askedAtMs = clock.nowMs();
  return db.$transaction(async (tx) => {
    await tx.sessionEnd.deleteMany({ where: { askedAt: { lt: new Date(askedAtMs - SESSION_ENDS_FOR_MS) } } });
    await tx.sessionEnd.create({ data: { tenantId, keyId, sessionId, askedAt: new Date(askedAtMs) } });
    return { tenantId, keyId, sessionId, askedAtMs };
  });
}

/** Requests since then. */
export async function sessionEndsOf(
  tx: Pick<Prisma.TransactionClient, 'sessionEnd'>,
  sinceMs: number,
): Promise<readonly SessionEnd[]> {
  const rows = await tx.sessionEnd.findMany({ where: { askedAt: { gte: new Date(sinceMs) } } });
  return rows.map(({ tenantId, keyId, sessionId, askedAt }) => ({
    tenantId: trustedId('tnt', tenantId),
    keyId: keyId === null ? null : trustedId('key', keyId),
    sessionId: sessionId === null ? null : trustedId('ses', sessionId),
    askedAtMs: askedAt.getTime(),
  }));
}
