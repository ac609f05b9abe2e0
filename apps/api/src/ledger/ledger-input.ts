// What the routes of the books take, in queries and bodies, and how they refuse. `actor` is for the operator's programs, which
// say who acts, like `--actor` at a terminal; members act as who they are.
import { parseAmount, type Result, type TenantId } from '@trunkline/kernel';
import { parsePeriod, PERIOD_CHECK_NAMES, TRANSACTION_KINDS, type Period } from '@trunkline/ledger';
import { findTenant, type TenancyContext } from '@trunkline/tenancy/adapters/prisma';
import { z } from 'zod';
import { RefusedRequest } from '../http/problem.js';

const LIST_MAX = 1_000;

const actor = z.string().trim().min(1, 'must name who does it').max(500).optional();
const reason = z.string().trim().min(1, 'must say why').max(500);
/** A tenant, by slug or id. */
export const tenant = z.string().min(1, 'must be the slug or id of a tenant').max(100);
/** A month, `2026-11`. */
export const month = z.string().transform((text, context): Period => {
  const parsed = parsePeriod(text);
  if (parsed !== null) return parsed;
  context.addIssue('must be a month such as 2026-11');
  return z.NEVER;
});
const amount = z.string('must be a decimal in quotes, such as "12.50"').transform((text, context) => {
  const parsed = parseAmount(text);
  if (parsed !== null) return parsed;
  context.addIssue('must be a decimal such as "12.50", with at most 12 decimals');
  return z.NEVER;
});

export const TransactionsQuery = z.strictObject({
  tenant: tenant.optional(),
  period: month.optional(),
  kind: z.enum(TRANSACTION_KINDS).optional(),
  limit: z.coerce.number().int().min(1).max(LIST_MAX).default(100),
});
export const BalancesQuery = z.strictObject({ tenant });
export const PeriodsQuery = z.strictObject({ tenant: tenant.optional(), period: month.optional() });
export const PeriodOfTenantQuery = z.strictObject({ tenant });

/** A booking by hand. The reference has to be given: a request that is sent again books nothing twice. */
export const BookingBody = z.strictObject({
  kind: z.enum(['credit', 'adjustment', 'prepayment', 'drawdown']),
  tenant,
  amount,
  side: z.enum(['tenant_charge', 'provider_cost']).default('tenant_charge'),
  for: month.nullable().default(null),
  reference: z.string().trim().min(1, 'must be your name for this booking').max(500),
  actor,
  reason,
});
export const ReversalBody = z.strictObject({ actor, reason });
/** Usage that was parked for its date; `occurred_at`: when it occurred in truth, where that is not what it says. */
export const ReleaseBody = z.strictObject({
  occurred_at: z.iso
    .datetime({ offset: true, error: 'must be a time such as 2026-11-21T12:00:00Z' })
    .transform((text) => Date.parse(text))
    .nullable()
    .default(null),
  actor,
  reason,
});
export const StuckQuery = z.strictObject({
  tenant: tenant.optional(),
  limit: z.coerce.number().int().min(1).max(LIST_MAX).default(100),
});
export const ActorBody = z.strictObject({ tenant, actor });
export const CloseBody = z.strictObject({ tenant, actor, single_person: z.boolean().default(false) });
export const WaiverBody = z.strictObject({ tenant, check: z.enum(PERIOD_CHECK_NAMES), actor, reason });

const instant = z
  .union([z.iso.date(), z.iso.datetime({ offset: true })], 'must be a time such as 2026-11-21 or 2026-11-21T12:00:00Z')
  .transform((text) => Date.parse(text));
/** What is rated again. Books nothing unless `dry_run` is false. */
export const RerateBody = z
  .strictObject({
    from: instant,
    to: instant,
    tenant: tenant.optional(),
    model: z.string().min(1).max(200).optional(),
    dry_run: z.boolean().default(true),
    actor,
    reason,
  })
  .refine(({ from, to }) => from < to, { path: ['from'], message: 'must be before to' });
/** Which chains: of a tenant, of a month, or of both; all of them are for the command line. */
export const VerifyQuery = z
  .strictObject({ tenant: tenant.optional(), period: month.optional() })
  .refine(({ tenant: named, period }) => named !== undefined || period !== undefined, {
    path: ['tenant'],
    message: 'or period must be given: all of the books are for `ledger verify` at the command line',
  });

/** The month in a path. @throws RefusedRequest */
export function periodIn(path: string): Period {
  const parsed = parsePeriod(path);
  if (parsed !== null) return parsed;
  throw new RefusedRequest('invalid_query', { detail: 'The month in the path must be such as 2026-11.' });
}

/** The tenant that a request names. @throws RefusedRequest */
export async function tenantIn(tenancy: TenancyContext, named: string): Promise<TenantId> {
  const found = await findTenant(tenancy, named);
  if (found.ok) return found.value.id;
  throw new RefusedRequest('tenant_not_found', { detail: found.error.message });
}

/** The outcome, or its refusal in its own words. @throws RefusedRequest `booking_refused` */
export function booked<T>(outcome: Result<T, { readonly message: string }>): T {
  if (outcome.ok) return outcome.value;
  throw new RefusedRequest('booking_refused', { detail: outcome.error.message });
}
