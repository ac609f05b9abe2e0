// How much was used, by day, model and meter, straight from the journal: rated or not, so that nothing is missing while
// rating lags or a price does. An event that was parked because its usage is missing has no quantity to show: it is in the
// list of stuck usage. An estimate whose report has come is not usage any more.
import type { TenantId } from '@trunkline/kernel';
import type { Evidence } from '@trunkline/metering';
import { numberText, tenantIdText, wholeText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { inScope, type Scope, type TimeRange } from './report-scope.js';

/** A quantity used on a UTC day. */
export interface UsageRow {
  readonly tenantId: TenantId;
  /** UTC day, `2026-11-21`. */
  readonly day: string;
  readonly model: string;
  /** A meter; may be one that this release does not know yet. */
  readonly meter: string;
  /** `estimated_not_billed`: an estimate that the tenant does not pay for, by its policy. */
  readonly evidence: Evidence | 'estimated_not_billed';
  /** Whether it is in the ledger: only `rated` is. */
  readonly ratingState: 'pending' | 'rated' | 'unrated' | 'parked';
  /** Millionths of the meter's unit. */
  readonly quantityMicro: bigint;
  /** Events that reported this meter. */
  readonly events: number;
}

const usageRow = z.object({
  tenantId: tenantIdText,
  day: z.string(),
  model: z.string(),
  meter: z.string(),
  evidence: z.enum(['reported', 'estimated', 'estimated_not_billed']),
  ratingState: z.enum(['pending', 'rated', 'unrated', 'parked']),
  quantityMicro: wholeText,
  events: numberText,
});

/** A tenant's usage in a range, in stable order. */
export async function usageOfTenant(db: Queryable, tenantId: TenantId, range: TimeRange): Promise<UsageRow[]> {
  return usageIn(db, tenantId, range);
}

/** Everybody's usage in a range, for administrators. */
export async function usageOfAllTenants(db: Queryable, range: TimeRange): Promise<UsageRow[]> {
  return usageIn(db, null, range);
}

async function usageIn(db: Queryable, scope: Scope, range: TimeRange): Promise<UsageRow[]> {
  const rows = await db.$queryRaw`
    SELECT tenant_id AS "tenantId", (occurred_at AT TIME ZONE 'UTC')::date::text AS day, model, q->>'meter' AS meter,
           CASE WHEN estimate->>'billing' = 'do_not_bill' THEN 'estimated_not_billed' ELSE evidence END AS evidence,
           rating_state AS "ratingState", sum((q->>'quantityMicro')::numeric)::text AS "quantityMicro",
           count(*)::text AS events
      FROM usage_event, jsonb_array_elements(CASE jsonb_typeof(quantities) WHEN 'array' THEN quantities ELSE '[]' END) AS q
     WHERE ${inScope(scope, range)} AND rating_state <> 'superseded'
     GROUP BY 1, 2, 3, 4, 5, 6
     ORDER BY 1, 2, 3, 4, 5, 6`;
  return z.array(usageRow).parse(rows);
}
