// Who belongs to a month, for what is made of all tenants together, and which months are final.
import { trustedId, type TenantId } from '@trunkline/kernel';
import { calendarOf, parsePeriod, type Period } from '@trunkline/ledger';
import type { Database, Snapshot } from '@trunkline/platform/database';
import { z } from 'zod';
import { loadCompanyOf } from './load-directory.js';

/**
 * Tenants of a month, in the order of exports: those with bookings, and those whose month may still get some, because they
 * were there or somebody opened it for them later, so that nothing is called final that can change.
 */
export async function tenantsOfMonth(db: Database, snapshot: Snapshot, period: Period): Promise<readonly TenantId[]> {
  const { toMs } = calendarOf((await loadCompanyOf(db, period)).timeZone).boundsOf(period);
  const rows = await snapshot.query(
    `SELECT tenant_id COLLATE "C" AS id FROM ledger_transaction WHERE period = $1
      UNION SELECT tenant_id COLLATE "C" FROM accounting_period WHERE period = $1 AND status <> 'closed'
      UNION SELECT id COLLATE "C" FROM tenant t WHERE created_at < to_timestamp($2::float8 / 1000)
               AND NOT EXISTS (SELECT FROM accounting_period p
                                WHERE p.tenant_id = t.id AND p.period >= $1 AND p.status = 'closed')
      ORDER BY 1`,
    [period, toMs],
  );
  return z
    .array(z.object({ id: z.string() }))
    .parse(rows)
    .map(({ id }) => trustedId('tnt', id));
}

/**
 * Months whose export would say FINAL, of a tenant or (null) of all together, oldest first: somebody booked in them, and they
 * are closed for everybody who could book yet. A month without any booking has nothing to export and is not among them.
 */
export async function finalMonths(db: Database, tenantId: TenantId | null): Promise<readonly Period[]> {
  // Who is there and still open is who `tenantsOfMonth` adds to those with bookings: the same words.
  const rows = await db.$queryRaw`
    SELECT p.period
      FROM accounting_period p CROSS JOIN company c LEFT JOIN period_company kept ON kept.period = p.period
     WHERE ${tenantId}::text IS NULL OR p.tenant_id = ${tenantId}
     GROUP BY p.period, kept.time_zone, c.time_zone
    HAVING bool_and(p.status = 'closed') AND bool_or(p.chain_sequence > 0)
       AND (${tenantId}::text IS NOT NULL
            OR NOT EXISTS (
                 SELECT FROM tenant t
                  WHERE t.created_at < ((p.period || '-01')::date + interval '1 month')
                                       AT TIME ZONE coalesce(kept.time_zone, c.time_zone)
                    AND NOT EXISTS (SELECT FROM accounting_period q
                                     WHERE q.tenant_id = t.id AND q.period >= p.period AND q.status = 'closed')))
     ORDER BY p.period`;
  return z
    .array(z.object({ period: z.string().transform((text) => parsePeriod(text)) }))
    .parse(rows)
    .flatMap(({ period }) => (period === null ? [] : [period]));
}
