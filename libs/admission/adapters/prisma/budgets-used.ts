// How far budgets are used now, of periods that are not over and limits that are in force: read from the notices, which the worker
// concludes from the ledger. A raised limit, or a new day, and what was used up is not any more.
import type { AmountPico, TenantId } from '@trunkline/kernel';
import { amountText, tenantIdText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { periodsAt, startsOf, type SpendPeriod } from '../../index.js';

/** A limit, used so far. */
export interface UsedBudget {
  readonly tenantId: TenantId;
  readonly tenant: string;
  readonly period: SpendPeriod;
  /** Unix milliseconds. */
  readonly periodStartMs: number;
  /** The highest of 50, 80 and 100 that it has reached. */
  readonly percent: number;
  readonly limit: AmountPico;
}

const row = z.object({
  tenantId: tenantIdText,
  tenant: z.string(),
  period: z.enum(['day', 'month']),
  periodStart: z.date(),
  percent: z.int(),
  limit: amountText,
});

/** Of all tenants that are not archived. */
export async function budgetsUsedOfAllTenants(db: Queryable, nowMs: number): Promise<readonly UsedBudget[]> {
  const { dayMs, monthMs } = startsOf(periodsAt(nowMs));
  const rows = await db.$queryRaw`
    SELECT t.id AS "tenantId", t.slug AS tenant, n.period, n.period_start AS "periodStart",
           max(n.percent)::integer AS percent, n.limit_amount::text AS "limit"
      FROM budget_notice n
      JOIN tenant t ON t.id = n.tenant_id AND t.archived_at IS NULL
       AND n.limit_amount = CASE n.period WHEN 'day' THEN t.spend_day_max ELSE t.spend_month_max END
     WHERE n.period IN ('day', 'month')
       AND n.period_start = CASE n.period WHEN 'day' THEN ${new Date(dayMs)}::timestamptz ELSE ${new Date(monthMs)}::timestamptz END
     GROUP BY t.id, t.slug, n.period, n.period_start, n.limit_amount
     ORDER BY t.slug, n.period`;
  return z
    .array(row)
    .parse(rows)
    .map(({ periodStart, ...used }) => ({ ...used, periodStartMs: periodStart.getTime() }));
}
