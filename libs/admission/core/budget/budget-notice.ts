// That a tenant's spending limit is used to 50, 80 or 100 %, as its people are told. Concluded from what the ledger recorded
// and not from what the store of budgets says, which may lose its memory, or its answer: asked again, it concludes the same.
import { ZERO, type AmountPico, type TenantId } from '@trunkline/kernel';
import type { RecordedSpend } from './budget-store.js';
import { startsOf, type SpendPeriod } from './periods.js';
import { crossedMarks, type BudgetLimits, type Threshold } from './spend-limits.js';

/** One limit in one period, used so far. There is one of each tenant, period, limit and percentage. */
export interface BudgetNotice {
  readonly tenantId: TenantId;
  readonly period: SpendPeriod;
  /** Unix milliseconds; days and months begin at midnight UTC. */
  readonly periodStartMs: number;
  readonly limit: AmountPico;
  readonly percent: Threshold;
  /** What had been spent in the period when it was found. */
  readonly spent: AmountPico;
  /** Unix milliseconds. */
  readonly noticedAtMs: number;
}

/** All that holds of a tenant by what is recorded, told before or not. */
export function noticesOf(
  tenantId: TenantId,
  { dayMax, monthMax }: Pick<BudgetLimits, 'dayMax' | 'monthMax'>,
  recorded: RecordedSpend,
): readonly Omit<BudgetNotice, 'noticedAtMs'>[] {
  const { dayMs, monthMs } = startsOf(recorded);
  const of = (period: SpendPeriod, periodStartMs: number, limit: AmountPico | null, spent: AmountPico) =>
    limit === null
      ? []
      : crossedMarks(limit, ZERO, spent).map((percent) => ({ tenantId, period, periodStartMs, limit, percent, spent }));
  return [...of('day', dayMs, dayMax, recorded.dayAmount), ...of('month', monthMs, monthMax, recorded.monthAmount)];
}
