// A tenant as JSON, and what the document says of it. Amounts are decimals in quotes, durations milliseconds.
import { formatAmount, type AmountPico } from '@trunkline/kernel';
import type { ShareRecord, TenantLimits, TenantRecord } from '@trunkline/tenancy';
import { z } from 'zod';
import { Next } from '../http/page-query.js';
import { Amount, Instant } from '../v1/report-answers.js';
import { isoOf } from '../v1/views.js';

const whole = z.int().nullable();

/** A tenant's limits; null: none. */
export const LimitsAnswer = z
  .strictObject({
    ...{ waitMsMax: z.int(), reconnectGraceMs: z.int(), idleReclaimMs: whole, sessionMsMax: whole },
    ...{ sessionsPerMinuteMax: whole, tokensPerMinuteMax: whole },
    ...{ spendSessionMax: Amount.nullable(), spendDayMax: Amount.nullable(), spendMonthMax: Amount.nullable() },
    overBudget: z.enum(['finish_turn', 'block_turns', 'cut']),
    billEstimates: z.enum(['bill', 'do_not_bill']),
  })
  .readonly();

/** A tenant. */
export const TenantAnswer = z.strictObject({
  ...{ id: z.string(), slug: z.string(), name: z.string(), status: z.enum(['active', 'suspended', 'archived']) },
  ...{ sessionsMax: whole, limits: LimitsAnswer, createdAt: Instant },
  archivedAt: Instant.nullable(),
  archivedSpend: Amount.nullable().meta({ description: 'what it had been charged when it was archived' }),
});

/** A page of tenants. */
export const TenantsAnswer = z.strictObject({ tenants: z.array(TenantAnswer), next: Next });

/** What a tenant has of a pool. */
export const ShareAnswer = z.strictObject({
  ...{ pool: z.string(), tenant: z.string(), floor: z.int(), ceiling: whole, weight: z.int() },
});

/** A tenant. */
export function tenantView(tenant: TenantRecord): z.output<typeof TenantAnswer> {
  const { id, slug, name, sessionsMax, limits, createdAtMs, archivedAtMs, archivedSpend } = tenant;
  const status = archivedAtMs === null ? tenant.status : 'archived';
  return {
    ...{ id, slug, name, status, sessionsMax, limits: limitsView(limits), createdAt: isoOf(createdAtMs) },
    archivedAt: archivedAtMs === null ? null : isoOf(archivedAtMs),
    archivedSpend: amountOrNull(archivedSpend),
  };
}

/** A share. */
export function shareView({ poolSlug, tenantSlug, floor, ceiling, weight }: ShareRecord) {
  return { pool: poolSlug, tenant: tenantSlug, floor, ceiling, weight };
}

function limitsView(limits: TenantLimits): z.output<typeof LimitsAnswer> {
  return {
    ...limits,
    spendSessionMax: amountOrNull(limits.spendSessionMax),
    spendDayMax: amountOrNull(limits.spendDayMax),
    spendMonthMax: amountOrNull(limits.spendMonthMax),
  };
}

function amountOrNull(amount: AmountPico | null): string | null {
  return amount === null ? null : formatAmount(amount);
}
