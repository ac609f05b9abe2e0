// The months of a tenant: how they stand, and their way from open to soft-closed. Closing is in `close-period.ts`.
import { err, ok, type Result, type TenantId } from '@trunkline/kernel';
import {
  becauseProblem,
  PERIOD_CHECK_NAMES,
  type Calendar,
  type CheckedItem,
  type Period,
  type PeriodStatus,
} from '@trunkline/ledger';
import {
  instantText,
  numberText,
  Prisma,
  tenantIdText,
  wholeText,
  type Database,
  type Queryable,
} from '@trunkline/platform/database';
import { z } from 'zod';
import { holdCompany } from './company.js';
import type { Place } from './hold-periods.js';
import { periodText } from './period-text.js';
import { noteIfRefused } from './refused-closes.js';

/** Control totals of a month: plain decimals by purpose and kind, and by account. */
export interface PeriodTotals {
  readonly transactions: number;
  /** `tenant_charge/usage` to its sum. */
  readonly booked: Readonly<Record<string, string>>;
  /** Account kind to what moved on it; debits positive. They sum to zero. */
  readonly accounts: Readonly<Record<string, string>>;
}

/** A month of a tenant. */
export interface PeriodRecord {
  readonly tenantId: TenantId;
  readonly period: Period;
  readonly status: PeriodStatus;
  readonly softClosedAtMs: number | null;
  readonly softClosedBy: string | null;
  readonly closeRequestedBy: string | null;
  readonly closedAtMs: number | null;
  readonly closedBy: string | null;
  readonly approvedBy: string | null;
  readonly singlePerson: boolean;
  readonly chainSequence: bigint | null;
  readonly chainHead: string | null;
  readonly totals: PeriodTotals | null;
  readonly checklist: readonly CheckedItem[] | null;
}

const totalsShape = z.object({
  transactions: z.number(),
  booked: z.record(z.string(), z.string()),
  accounts: z.record(z.string(), z.string()),
});
const checklistShape = z.array(
  z.object({
    check: z.enum(PERIOD_CHECK_NAMES),
    state: z.enum(['ok', 'waived', 'missing']),
    detail: z.string(),
    count: z.number().nullable(),
  }),
);
const periodRow: z.ZodType<PeriodRecord> = z.object({
  tenantId: tenantIdText,
  period: periodText,
  status: z.enum(['open', 'soft_closed', 'closed']),
  softClosedAtMs: numberText.nullable(),
  softClosedBy: z.string().nullable(),
  closeRequestedBy: z.string().nullable(),
  closedAtMs: numberText.nullable(),
  closedBy: z.string().nullable(),
  approvedBy: z.string().nullable(),
  singlePerson: z.boolean(),
  chainSequence: wholeText.nullable(),
  chainHead: z.string().nullable(),
  totals: totalsShape.nullable(),
  checklist: checklistShape.nullable(),
});

const COLUMNS = Prisma.sql`
  tenant_id AS "tenantId", period, status, (extract(epoch FROM soft_closed_at) * 1000)::bigint::text AS "softClosedAtMs",
  soft_closed_by AS "softClosedBy", close_requested_by AS "closeRequestedBy",
  (extract(epoch FROM closed_at) * 1000)::bigint::text AS "closedAtMs", closed_by AS "closedBy",
  approved_by AS "approvedBy", single_person AS "singlePerson", chain_sequence::text AS "chainSequence",
  chain_head AS "chainHead", totals, checklist`;

/** The months that have a row (something was booked, or they were soft-closed), by month and tenant. */
export async function listPeriods(
  db: Queryable,
  { tenantId = null, period = null }: { readonly tenantId?: TenantId | null; readonly period?: Period | null } = {},
): Promise<readonly PeriodRecord[]> {
  const rows = await db.$queryRaw`
    SELECT ${COLUMNS} FROM accounting_period
     WHERE (${tenantId}::text IS NULL OR tenant_id = ${tenantId}) AND (${period}::text IS NULL OR period = ${period})
     ORDER BY period, tenant_id`;
  return z.array(periodRow).parse(rows);
}

/** A month of a tenant. Without a row it is open, or, once a close has passed over it, as good as closed: nobody closed it. */
export async function periodOfTenant(db: Queryable, tenantId: TenantId, period: Period): Promise<PeriodRecord> {
  const [found] = await listPeriods(db, { tenantId, period });
  if (found !== undefined) return found;
  const nothing = {
    softClosedAtMs: null,
    softClosedBy: null,
    closeRequestedBy: null,
    closedAtMs: null,
    closedBy: null,
  };
  const status = (await isPassed(db, { tenantId, period })) ? 'closed' : 'open';
  const unsealed = { approvedBy: null, singlePerson: false, chainSequence: null, chainHead: null };
  return { tenantId, period, status, ...unsealed, ...nothing, totals: null, checklist: null };
}

/**
 * Makes the row of a month where there is none, and holds it alone until the database transaction ends. Null for a month
 * without a row that is over: it takes no booking any more.
 */
export async function holdPeriodAlone(tx: Queryable, { tenantId, period }: Place): Promise<PeriodRecord | null> {
  if (await isPassed(tx, { tenantId, period })) return null;
  await tx.$executeRaw`
    INSERT INTO accounting_period (tenant_id, period) VALUES (${tenantId}, ${period}) ON CONFLICT DO NOTHING`;
  const rows = await tx.$queryRaw`
    SELECT ${COLUMNS} FROM accounting_period WHERE tenant_id = ${tenantId} AND period = ${period} FOR UPDATE`;
  return z.tuple([periodRow]).parse(rows)[0];
}

/** Whether a month has no row and takes no booking any more. */
async function isPassed(db: Queryable, { tenantId, period }: Place): Promise<boolean> {
  const over = await db.$queryRaw`
    SELECT WHERE NOT EXISTS (SELECT FROM accounting_period WHERE tenant_id = ${tenantId} AND period = ${period})
             AND is_month_passed(${tenantId}, ${period})`;
  return z.array(z.unknown()).parse(over).length > 0;
}

/**
 * Ends a month for everything but late usage: statements can be looked at, usage that is still on its way is booked in it.
 * Again: nothing changes. A refusal is noted.
 */
export async function softClosePeriod(db: Database, request: SoftCloseRequest): Promise<SoftClosed> {
  return noteIfRefused(db, { ...request, step: 'soft_close' }, await softClose(db, request));
}

interface SoftCloseRequest {
  readonly tenantId: TenantId;
  readonly period: Period;
  readonly actor: string;
}

type SoftClosed = Result<PeriodRecord, { readonly message: string }>;

async function softClose(db: Database, { tenantId, period, actor }: SoftCloseRequest): Promise<SoftClosed> {
  const problem = becauseProblem({ actor, reason: 'soft close' });
  if (problem !== null) return err({ message: problem });
  return db.$transaction(async (tx) => {
    const { calendar, nowMs } = await holdCompany(tx);
    const { toMs } = calendar.boundsOf(period);
    if (nowMs < toMs) return err({ message: notOver(period, toMs) });
    const held = await holdPeriodAlone(tx, { tenantId, period });
    if (held === null) return err({ message: nothingIn(period) });
    if (held.status !== 'open') return ok(held);
    await tx.$executeRaw`
      UPDATE accounting_period SET status = 'soft_closed', soft_closed_at = now(), soft_closed_by = ${actor}
       WHERE tenant_id = ${tenantId} AND period = ${period}`;
    return ok(await periodOfTenant(tx, tenantId, period));
  });
}

/** What is said of a month that was passed over. Whose month it is, the caller knows. */
export function nothingIn(period: Period): string {
  return `${period} is as good as closed: nothing was booked in it, and it, or a month after it, is closed.`;
}

/** What is said of a month that still runs, or has not begun. @param toMs its end, Unix milliseconds. */
export function notOver(period: Period, toMs: number): string {
  return `${period} is not over: it ends ${instantText(toMs)} and can be soft-closed from then on.`;
}

/**
 * The tenants of a month: everybody who was there, or whose usage or bookings are in it. A close of all closes each of
 * them, also those without usage, so that nothing is booked in the month later.
 */
export async function tenantsOfPeriod(db: Queryable, period: Period, calendar: Calendar): Promise<readonly TenantId[]> {
  const { fromMs, toMs } = calendar.boundsOf(period);
  const [from, to] = [instantText(fromMs), instantText(toMs)];
  const rows = await db.$queryRaw`
    SELECT tenant_id AS id FROM accounting_period WHERE period = ${period}
     UNION SELECT id FROM tenant WHERE created_at < ${to}::timestamptz
     UNION SELECT tenant_id FROM usage_event
            WHERE rating_state IN ('pending', 'unrated', 'parked')
              AND occurred_at >= ${from}::timestamptz AND occurred_at < ${to}::timestamptz
     ORDER BY 1`;
  return z
    .array(z.object({ id: tenantIdText }))
    .parse(rows)
    .map(({ id }) => id);
}
