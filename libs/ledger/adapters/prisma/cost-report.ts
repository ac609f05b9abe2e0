// What usage cost us and what tenants owe for it, summed from the ledger by any of tenant, key, model, day and period.
// Sums of exact decimals, never rounded; rounding is for statements.
import type { AmountPico, ApiKeyId, TenantId } from '@trunkline/kernel';
import { amountText, keyIdText, numberText, Prisma, tenantIdText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { inScope, type Scope, type TimeRange } from './report-scope.js';

/** What a row of a cost report is for. `day` and `period` are UTC. */
export const COST_DIMENSIONS = ['tenant', 'key', 'model', 'day', 'period'] as const;
export type CostDimension = (typeof COST_DIMENSIONS)[number];

/** Costs of one combination of the dimensions asked for; the others are null. */
export interface CostRow {
  readonly tenantId: TenantId | null;
  readonly keyId: ApiKeyId | null;
  readonly model: string | null;
  readonly day: string | null;
  readonly period: string | null;
  /** What the tenant owes. */
  readonly tenantCharge: AmountPico;
  /** What the vendor charges us. */
  readonly providerCost: AmountPico;
  /** The part of `tenantCharge` that rests on our estimates, because the vendor never reported. */
  readonly estimatedCharge: AmountPico;
  /** The part of `providerCost` that rests on estimates for which, by its policy, the tenant is charged nothing. */
  readonly unbilledCost: AmountPico;
  /** Usage events in it. */
  readonly events: number;
}

/** Which costs, and by what. */
export interface CostQuery extends TimeRange {
  readonly by: readonly CostDimension[];
}

const costRow = z.object({
  tenantId: tenantIdText.nullable(),
  keyId: keyIdText.nullable(),
  model: z.string().nullable(),
  day: z.string().nullable(),
  period: z.string().nullable(),
  tenantCharge: amountText,
  providerCost: amountText,
  estimatedCharge: amountText,
  unbilledCost: amountText,
  events: numberText,
});

/** A tenant's costs in a range, in stable order. */
export async function costsOfTenant(db: Queryable, tenantId: TenantId, query: CostQuery): Promise<CostRow[]> {
  return costsIn(db, tenantId, query);
}

/** Everybody's costs in a range, for administrators. */
export async function costsOfAllTenants(db: Queryable, query: CostQuery): Promise<CostRow[]> {
  return costsIn(db, null, query);
}

/** What a tenant, or one of its keys, has been charged so far: net of corrections, exact. */
export async function chargedInAll(
  db: Queryable,
  { tenantId, keyId }: { readonly tenantId: TenantId; readonly keyId: ApiKeyId | null },
): Promise<AmountPico> {
  const ofKey = keyId === null ? Prisma.empty : Prisma.sql`AND key_id = ${keyId}`;
  const rows = await db.$queryRaw`
    SELECT coalesce(sum(total), 0)::text AS charged FROM ledger_transaction
     WHERE tenant_id = ${tenantId} AND purpose = 'tenant_charge' ${ofKey}`;
  const [{ charged }] = z.tuple([z.object({ charged: amountText })]).parse(rows);
  return charged;
}

const COLUMNS: Readonly<Record<CostDimension, Prisma.Sql>> = {
  tenant: Prisma.sql`tenant_id`,
  key: Prisma.sql`key_id`,
  model: Prisma.sql`model`,
  day: Prisma.sql`(occurred_at AT TIME ZONE 'UTC')::date::text`,
  period: Prisma.sql`period`,
};

async function costsIn(db: Queryable, scope: Scope, { by, ...range }: CostQuery): Promise<CostRow[]> {
  const column = (dimension: CostDimension): Prisma.Sql =>
    by.includes(dimension) ? COLUMNS[dimension] : Prisma.sql`NULL::text`;
  const rows = await db.$queryRaw`
    SELECT ${column('tenant')} AS "tenantId", ${column('key')} AS "keyId", ${column('model')} AS model,
           ${column('day')} AS day, ${column('period')} AS period,
           coalesce(sum(total) FILTER (WHERE purpose = 'tenant_charge'), 0)::text AS "tenantCharge",
           coalesce(sum(total) FILTER (WHERE purpose = 'provider_cost'), 0)::text AS "providerCost",
           coalesce(sum(total) FILTER (WHERE purpose = 'tenant_charge' AND evidence = 'estimated'), 0)::text
             AS "estimatedCharge",
           coalesce(sum(total) FILTER (WHERE purpose = 'provider_cost' AND evidence = 'estimated' AND NOT EXISTS (
             SELECT FROM ledger_transaction AS charge
              WHERE charge.usage_event_id = t.usage_event_id AND charge.purpose = 'tenant_charge')), 0)::text
             AS "unbilledCost",
           count(DISTINCT usage_event_id)::text AS events
      FROM ledger_transaction t
     WHERE ${inScope(scope, range)}
     GROUP BY 1, 2, 3, 4, 5
     ORDER BY 5, 4, 1, 2, 3`;
  return z.array(costRow).parse(rows);
}
