// What many sessions have cost their tenants so far, for whoever watches their limits.
import { parseId, trustedId, type AmountPico, type ApiKeyId, type SessionId, type TenantId } from '@trunkline/kernel';
import { amountText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';

/** The charge of a session so far. */
export interface SessionCharge {
  readonly tenantId: TenantId;
  readonly sessionId: SessionId;
  /** What opened it; null: it is not recorded. */
  readonly keyId: ApiKeyId | null;
  readonly amount: AmountPico;
}

const Rows = z.array(
  z.object({ tenant: z.string(), session: z.string(), key: z.string().nullable(), amount: amountText }),
);

/**
 * The whole charge of each session of these tenants with usage that occurred since then (Unix milliseconds). Both steps
 * go along an index: what it costs grows with the sessions of that time and not with the books.
 */
export async function chargesOfSessions(
  db: Queryable,
  tenantIds: readonly TenantId[],
  sinceMs: number,
): Promise<readonly SessionCharge[]> {
  const rows = await db.$queryRaw`
    WITH active AS MATERIALIZED (
      SELECT DISTINCT tenant_id, session_id FROM ledger_transaction
       WHERE tenant_id = ANY(${[...tenantIds]}) AND occurred_at >= ${new Date(sinceMs)}
         AND purpose = 'tenant_charge' AND session_id IS NOT NULL
    )
    SELECT t.tenant_id AS tenant, t.session_id AS session, min(t.key_id) AS key, sum(t.total)::text AS amount
      FROM ledger_transaction t JOIN active a ON a.session_id = t.session_id AND a.tenant_id = t.tenant_id
     WHERE t.purpose = 'tenant_charge'
     GROUP BY t.tenant_id, t.session_id`;
  return Rows.parse(rows).flatMap(({ tenant, session, key, amount }) => {
    const sessionId = parseId('ses', session);
    // A row that was not made by a gateway must not keep the others from being watched.
    if (sessionId === null) return [];
    return [
      { tenantId: trustedId('tnt', tenant), sessionId, keyId: key === null ? null : trustedId('key', key), amount },
    ];
  });
}
