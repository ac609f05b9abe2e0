// What tenants have spent, from the hourly summary that billing keeps of the ledger. A month is at most 744 rows of a
// tenant, found by the table's key.
import { parseAmount, trustedId, ZERO, type AmountPico, type TenantId } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import { z } from 'zod';
import { startsOf, type Periods, type RecordedSpend, type SpendRecords } from '../../index.js';

const amount = z.string().transform((text, context): AmountPico => {
  const parsed = parseAmount(text);
  if (parsed !== null) return parsed;
  context.addIssue(`"${text}" is not an amount`);
  return z.NEVER;
});
const Rows = z.array(z.object({ tenant: z.string(), day: amount, month: amount }));

/** Reads the summary. */
export class PrismaSpendRecords implements SpendRecords {
  constructor(private readonly db: Pick<Database, '$queryRaw'>) {}

  async spentBy(tenantIds: readonly TenantId[], periods: Periods): Promise<ReadonlyMap<TenantId, RecordedSpend>> {
    const { dayMs, monthMs } = startsOf(periods);
    const next = startsOf({ day: periods.day + 1, month: periods.month + 1 });
    const rows = await this.db.$queryRaw`
      SELECT tenant_id AS tenant, sum(amount)::text AS month,
             coalesce(sum(amount) FILTER (WHERE hour >= ${instant(dayMs)}::timestamptz
                                            AND hour < ${instant(next.dayMs)}::timestamptz), 0)::text AS day
        FROM tenant_spend
       WHERE tenant_id = ANY(${[...tenantIds]}) AND hour >= ${instant(monthMs)}::timestamptz
         AND hour < ${instant(next.monthMs)}::timestamptz
       GROUP BY tenant_id`;
    const spent = new Map(Rows.parse(rows).map((row) => [trustedId('tnt', row.tenant), row]));
    return new Map(
      tenantIds.map((tenantId) => {
        const row = spent.get(tenantId);
        return [tenantId, { ...periods, dayAmount: row?.day ?? ZERO, monthAmount: row?.month ?? ZERO }];
      }),
    );
  }
}

function instant(ms: number): string {
  return new Date(ms).toISOString();
}
