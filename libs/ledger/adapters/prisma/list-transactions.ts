// The heads of transactions for people who look for one: newest first, by tenant, month and kind.
import { TRANSACTION_KINDS, type Period, type TransactionKind } from '@trunkline/ledger';
import type { AmountPico, TenantId } from '@trunkline/kernel';
import { amountText, numberText, tenantIdText, type Queryable } from '@trunkline/platform/database';
import { z } from 'zod';
import { periodText } from './period-text.js';

/** Which transactions. All tenants only for administrators. */
export interface TransactionQuery {
  readonly tenantId: TenantId | null;
  /** The month they are booked in. */
  readonly period: Period | null;
  readonly kind: TransactionKind | null;
  readonly limit: number;
}

/** A transaction without its entries and lines. */
export interface TransactionHead {
  readonly id: string;
  readonly tenantId: TenantId;
  readonly kind: TransactionKind;
  readonly purpose: string;
  readonly revision: number;
  readonly usageEventId: string | null;
  readonly model: string | null;
  readonly occurredAtMs: number;
  readonly usagePeriod: Period;
  readonly period: Period;
  readonly total: AmountPico;
  readonly correctsId: string | null;
  readonly reason: string | null;
  readonly actor: string | null;
  readonly chainSequence: number;
}

const headRow: z.ZodType<TransactionHead> = z.object({
  id: z.string(),
  tenantId: tenantIdText,
  kind: z.enum(TRANSACTION_KINDS),
  purpose: z.string(),
  revision: z.number(),
  usageEventId: z.string().nullable(),
  model: z.string().nullable(),
  occurredAtMs: numberText,
  usagePeriod: periodText,
  period: periodText,
  total: amountText,
  correctsId: z.string().nullable(),
  reason: z.string().nullable(),
  actor: z.string().nullable(),
  chainSequence: numberText,
});

/** Up to `limit` of them, by month and tenant, the newest booking first. */
export async function listTransactions(db: Queryable, query: TransactionQuery): Promise<readonly TransactionHead[]> {
  const { tenantId, period, kind, limit } = query;
  const rows = await db.$queryRaw`
    SELECT id, tenant_id AS "tenantId", kind, purpose, revision, usage_event_id AS "usageEventId", model,
           (extract(epoch FROM occurred_at) * 1000)::bigint::text AS "occurredAtMs", usage_period AS "usagePeriod", period,
           total::text, corrects_id AS "correctsId", reason, actor, chain_sequence::text AS "chainSequence"
      FROM ledger_transaction
     WHERE (${tenantId}::text IS NULL OR tenant_id = ${tenantId}) AND (${period}::text IS NULL OR period = ${period})
       AND (${kind}::text IS NULL OR kind = ${kind})
     ORDER BY period DESC, tenant_id, chain_sequence DESC
     LIMIT ${limit}`;
  return z.array(headRow).parse(rows);
}
