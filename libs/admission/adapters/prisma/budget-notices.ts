// Budget notices in PostgreSQL: found in the summary of the ledger, or in what a session cost, each stored once, read by
// administrators and kept for five weeks. A pass that is lost, or done by two workers at once, changes nothing: the next one
// finds the same.
import { formatAmount, parseAmount, trustedId, ZERO, type AmountPico, type TenantId } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import {
  noticesOf,
  noticesOfSession,
  periodsAt,
  startsOf,
  THRESHOLDS,
  type BudgetConclusion,
  type BudgetNotice,
  type RecordedSpend,
  type SessionSpends,
} from '../../index.js';
import { PrismaSpendRecords } from './spend-records.js';

const DAY_MS = 86_400_000;
// Bound on one statement's parameters.
const ROWS_MAX = 1_000;

/** Rows older than this are deleted: after the month of a limit, or what was deleted would be found again. */
export const NOTICE_DAYS_KEPT = 35;

/**
 * Looks at all tenants with limits, and stores what nobody has found before.
 * @returns that, in no order.
 */
export async function noteBudgets(db: Database, nowMs: number): Promise<readonly BudgetNotice[]> {
  const tenants = await db.tenant.findMany({
    where: { archivedAt: null, OR: [{ spendDayMax: { not: null } }, { spendMonthMax: { not: null } }] },
    select: { id: true, spendDayMax: true, spendMonthMax: true, updatedAt: true },
  });
  if (tenants.length === 0) return [];
  const ids = tenants.map(({ id }) => trustedId('tnt', id));
  const records = new PrismaSpendRecords(db);
  const now = periodsAt(nowMs);
  const current = await records.spentBy(ids, now);
  // Usage is rated after it occurred: that of yesterday perhaps today.
  const before = await records.spentBy(ids, periodsAt(nowMs - DAY_MS));
  const todayMs = startsOf(now).dayMs;
  const found = tenants.flatMap(({ id, spendDayMax, spendMonthMax, updatedAt }) => {
    const tenantId = trustedId('tnt', id);
    const limits = { dayMax: amountOrNull(spendDayMax), monthMax: amountOrNull(spendMonthMax) };
    // Limits that were changed since are none of yesterday's.
    const looks = updatedAt.getTime() < todayMs ? [before, current] : [current];
    return looks.flatMap((spent) => concluded(tenantId, limits, spent.get(tenantId)));
  });
  return storeNew(db, found, nowMs);
}

/**
 * The same of each session of tenants that limit them.
 * @param sinceMs sessions that used nothing since then (Unix milliseconds) are not looked at.
 */
export async function noteSessionBudgets(
  db: Database,
  { nowMs, sinceMs, spends }: { readonly nowMs: number; readonly sinceMs: number; readonly spends: SessionSpends },
): Promise<readonly BudgetNotice[]> {
  const tenants = await db.tenant.findMany({
    where: { archivedAt: null, spendSessionMax: { not: null } },
    select: { id: true, spendSessionMax: true },
  });
  if (tenants.length === 0) return [];
  const limits = new Map(
    tenants.map(({ id, spendSessionMax }) => [trustedId('tnt', id), amountOrNull(spendSessionMax)]),
  );
  const found = (await spends([...limits.keys()], sinceMs)).flatMap((spend) => {
    const max = limits.get(spend.tenantId) ?? null;
    return max === null ? [] : noticesOfSession(spend, max);
  });
  return storeNew(db, found, nowMs);
}

/** The newest of these tenants (null: of all) about days and months, newest first. */
export function listBudgetNotices(
  db: Pick<Database, 'budgetNotice'>,
  tenantIds: readonly TenantId[] | null,
  max: number,
): Promise<readonly BudgetNotice[]> {
  return newest(db, { ...ofTenants(tenantIds), period: { not: 'session' } }, max);
}

/** The newest of these tenants (null: of all) about single sessions, newest first. */
export function listSessionBudgetNotices(
  db: Pick<Database, 'budgetNotice'>,
  tenantIds: readonly TenantId[] | null,
  max: number,
): Promise<readonly BudgetNotice[]> {
  return newest(db, { ...ofTenants(tenantIds), period: 'session' }, max);
}

/** Deletes what is older than it is kept, some at a time. @returns rows deleted; where it is `max`, there may be more. */
export async function sweepBudgetNotices(
  db: Pick<Database, '$executeRaw'>,
  { nowMs, max }: { readonly nowMs: number; readonly max: number },
): Promise<number> {
  const before = new Date(nowMs - NOTICE_DAYS_KEPT * DAY_MS);
  return db.$executeRaw`
    DELETE FROM budget_notice WHERE ctid = ANY(ARRAY(
      SELECT ctid FROM budget_notice WHERE noticed_at < ${before} ORDER BY noticed_at LIMIT ${max}))`;
}

function ofTenants(tenantIds: readonly TenantId[] | null) {
  return tenantIds === null ? {} : { tenantId: { in: [...tenantIds] } };
}

async function newest(
  db: Pick<Database, 'budgetNotice'>,
  where: NonNullable<NonNullable<Parameters<Database['budgetNotice']['findMany']>[0]>['where']>,
  take: number,
): Promise<readonly BudgetNotice[]> {
  const orderBy = [
    { noticedAt: 'desc' as const },
    { periodStart: 'desc' as const },
    { period: 'asc' as const },
    { percent: 'desc' as const },
    { sessionId: 'asc' as const },
  ];
  return (await db.budgetNotice.findMany({ where, orderBy, take })).flatMap(noticeOf);
}

function concluded(
  tenantId: TenantId,
  limits: Parameters<typeof noticesOf>[1],
  recorded: RecordedSpend | undefined,
): readonly BudgetConclusion[] {
  return recorded === undefined ? [] : noticesOf(tenantId, limits, recorded);
}

async function storeNew(
  db: Database,
  found: readonly BudgetConclusion[],
  nowMs: number,
): Promise<readonly BudgetNotice[]> {
  const stored: BudgetNotice[] = [];
  for (let i = 0; i < found.length; i += ROWS_MAX) {
    const rows = await db.budgetNotice.createManyAndReturn({
      data: found.slice(i, i + ROWS_MAX).map((each) => rowOf(each, nowMs)),
      skipDuplicates: true,
    });
    stored.push(...rows.flatMap(noticeOf));
  }
  return stored;
}

function rowOf({ tenantId, period, session, periodStartMs, limit, percent, spent }: BudgetConclusion, nowMs: number) {
  return {
    ...(session === null ? {} : session),
    ...{ tenantId, period, percent, periodStart: new Date(periodStartMs), noticedAt: new Date(nowMs) },
    ...{ limitAmount: formatAmount(limit), spent: formatAmount(spent) },
  };
}

const PERIODS = ['day', 'month', 'session'] as const;

type NoticeRow = Awaited<ReturnType<Database['budgetNotice']['findMany']>>[number];

function noticeOf(row: NoticeRow): BudgetNotice[] {
  const percent = THRESHOLDS.find((each) => each === row.percent);
  // What a newer release tells, this one cannot word.
  const period = PERIODS.find((each) => each === row.period);
  if (percent === undefined || period === undefined) return [];
  const keyId = row.keyId === null ? null : trustedId('key', row.keyId);
  const session = period === 'session' ? { sessionId: trustedId('ses', row.sessionId), keyId } : null;
  return [
    {
      ...{ tenantId: trustedId('tnt', row.tenantId), period, session, percent },
      ...{ periodStartMs: row.periodStart.getTime(), noticedAtMs: row.noticedAt.getTime() },
      ...{ limit: amountOrNull(row.limitAmount) ?? ZERO, spent: amountOrNull(row.spent) ?? ZERO },
    },
  ];
}

function amountOrNull(decimal: NoticeRow['spent'] | null): AmountPico | null {
  return decimal === null ? null : parseAmount(decimal.toFixed());
}
