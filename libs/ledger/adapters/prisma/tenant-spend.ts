// Keeps `tenant_spend`, what tenants spent by the hour, for budgets in processes that may not reach the books. An hour is
// always computed anew from the ledger: run twice, late or by two workers at once, it comes out the same. Only metered money
// counts: a credit does not make room in a budget, nor does money paid before.
import type { TenantId } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import type { UsageOrigin } from '../../index.js';
import { instantText } from './queryable.js';

/** An hour of a tenant. */
export interface SpendHour {
  readonly tenantId: TenantId;
  /** Unix milliseconds, at a full hour. */
  readonly hourMs: number;
}

const HOUR_MS = 3_600_000;
// Any number that no other lock here has.
const LOCK = 7_263_401;

/** The hour in which a usage occurred. */
export function spendHourOf({ tenantId, occurredAtMs }: UsageOrigin): SpendHour {
  return { tenantId, hourMs: Math.floor(occurredAtMs / HOUR_MS) * HOUR_MS };
}

/** Computes these hours anew. A few hundred at once at most: each reads all transactions of its hour. */
export async function recomputeSpend(db: Database, hours: readonly SpendHour[]): Promise<void> {
  if (hours.length === 0) return;
  const wanted = JSON.stringify(hours.map(({ tenantId, hourMs }) => ({ tenant: tenantId, hour: instantText(hourMs) })));
  await db.$transaction(async (tx) => {
    // One at a time, and each sees what was committed before its turn: an older sum never replaces a newer one.
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK})`;
    await tx.$executeRaw`
      INSERT INTO tenant_spend (tenant_id, hour, amount)
      SELECT h.tenant, h.hour, coalesce(sum(t.total), 0)
        FROM json_to_recordset(${wanted}::json) AS h(tenant text, hour timestamptz)
        LEFT JOIN ledger_transaction t
          ON t.tenant_id = h.tenant AND t.purpose = 'tenant_charge'
         AND t.usage_event_id IS NOT NULL AND t.occurred_at >= h.hour AND t.occurred_at < h.hour + interval '1 hour'
       GROUP BY h.tenant, h.hour
          ON CONFLICT (tenant_id, hour) DO UPDATE SET amount = EXCLUDED.amount`;
  });
}

/** Computes all hours since then anew, for what a worker that was killed had posted and not summed up. */
export async function recomputeSpendSince(db: Database, sinceMs: number): Promise<void> {
  const since = instantText(Math.floor(sinceMs / HOUR_MS) * HOUR_MS);
  await db.$transaction(async (tx) => {
    await tx.$executeRaw`SELECT pg_advisory_xact_lock(${LOCK})`;
    await tx.$executeRaw`
      INSERT INTO tenant_spend (tenant_id, hour, amount)
      SELECT t.tenant_id, date_trunc('hour', t.occurred_at, 'UTC'), sum(t.total)
        FROM ledger_transaction t
       WHERE t.tenant_id IN (SELECT id FROM tenant) AND t.occurred_at >= ${since}::timestamptz
         AND t.purpose = 'tenant_charge' AND t.usage_event_id IS NOT NULL
       GROUP BY 1, 2
          ON CONFLICT (tenant_id, hour) DO UPDATE SET amount = EXCLUDED.amount`;
  });
}
