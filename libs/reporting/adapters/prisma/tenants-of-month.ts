// Who belongs to a month, for what is made of all tenants together.
import { trustedId, type TenantId } from '@trunkline/kernel';
import { calendarOf, type Period } from '@trunkline/ledger';
import type { Database, Snapshot } from '@trunkline/platform/database';
import { z } from 'zod';
import { loadCompanyOf } from './load-directory.js';

/**
 * Tenants of a month, in the order of exports: those with bookings, and those who were there and whose month may still get
 * some, so that nothing is called final that can change.
 */
export async function tenantsOfMonth(db: Database, snapshot: Snapshot, period: Period): Promise<readonly TenantId[]> {
  const { toMs } = calendarOf((await loadCompanyOf(db, period)).timeZone).boundsOf(period);
  const rows = await snapshot.query(
    `SELECT tenant_id COLLATE "C" AS id FROM ledger_transaction WHERE period = $1
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
