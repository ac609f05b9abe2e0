// Budget notices in PostgreSQL: found in the summary of the ledger, each stored once, read by administrators. A pass that is
// lost, or done by two workers at once, changes nothing: the next one finds the same.
import { formatAmount, parseAmount, trustedId, ZERO, type AmountPico, type TenantId } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import { noticesOf, periodsAt, startsOf, THRESHOLDS, type BudgetNotice, type RecordedSpend } from '../../index.js';
import { PrismaSpendRecords } from './spend-records.js';

const DAY_MS = 86_400_000;
// Bound on one statement's parameters.
const ROWS_MAX = 1_000;

type Conclusion = ReturnType<typeof noticesOf>[number];

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

/** The newest of these tenants (null: of all), newest first. */
export async function listBudgetNotices(
  db: Pick<Database, 'budgetNotice'>,
  tenantIds: readonly TenantId[] | null,
  max: number,
): Promise<readonly BudgetNotice[]> {
  const rows = await db.budgetNotice.findMany({
    ...(tenantIds === null ? {} : { where: { tenantId: { in: [...tenantIds] } } }),
    orderBy: [{ noticedAt: 'desc' }, { periodStart: 'desc' }, { period: 'asc' }, { percent: 'desc' }],
    take: max,
  });
  return rows.flatMap(noticeOf);
}

function concluded(
  tenantId: TenantId,
  limits: Parameters<typeof noticesOf>[1],
  recorded: RecordedSpend | undefined,
): readonly Conclusion[] {
  return recorded === undefined ? [] : noticesOf(tenantId, limits, recorded);
}

async function storeNew(db: Database, found: readonly Conclusion[], nowMs: number): Promise<readonly BudgetNotice[]> {
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

function rowOf({ tenantId, period, periodStartMs, limit, percent, spent }: Conclusion, nowMs: number) {
  return {
    ...{ tenantId, period, percent, periodStart: new Date(periodStartMs), noticedAt: new Date(nowMs) },
    ...{ limitAmount: formatAmount(limit), spent: formatAmount(spent) },
  };
}

type NoticeRow = Awaited<ReturnType<Database['budgetNotice']['findMany']>>[number];

function noticeOf(row: NoticeRow): BudgetNotice[] {
  const percent = THRESHOLDS.find((each) => each === row.percent);
  // What a newer release tells, this one cannot word.
  if (percent === undefined || (row.period !== 'day' && row.period !== 'month')) return [];
  return [
    {
      ...{ tenantId: trustedId('tnt', row.tenantId), period: row.period, percent },
      ...{ periodStartMs: row.periodStart.getTime(), noticedAtMs: row.noticedAt.getTime() },
      ...{ limit: amountOrNull(row.limitAmount) ?? ZERO, spent: amountOrNull(row.spent) ?? ZERO },
    },
  ];
}

function amountOrNull(decimal: NoticeRow['spent'] | null): AmountPico | null {
  return decimal === null ? null : parseAmount(decimal.toFixed());
}
