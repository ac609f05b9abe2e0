// What goes out of the books, field by field. Amounts are decimal strings, times ISO 8601 in UTC.
import { formatAmount } from '@trunkline/kernel';
import type { Booked, PeriodRecord, TenantBalance, TransactionHead } from '@trunkline/ledger/adapters/prisma';
import { isoOf } from '../v1/views.js';

/** A row as it was booked, with its link. */
export function bookedView({ row, hash }: Booked) {
  const { id, tenantId, kind, purpose, total, period, usagePeriod, correctsId, actor, reason, sequence } = row;
  return {
    ...{ id, tenantId, kind, purpose, total, period, usagePeriod, correctsId, actor, reason },
    ...{ chainSequence: Number(sequence), chainHash: hash, postedAt: isoOf(row.postedAtMs) },
  };
}

/** A transaction in a list. */
export function transactionView({ total, occurredAtMs, ...head }: TransactionHead) {
  return { ...head, total: formatAmount(total), occurredAt: isoOf(occurredAtMs) };
}

/** What a tenant owes and has prepaid. */
export function balanceView({ tenantId, owed, prepaid, left, credited }: TenantBalance) {
  return {
    ...{ tenantId, currency: 'USD', owed: formatAmount(owed), prepaid: formatAmount(prepaid) },
    ...{ left: formatAmount(left), credited: formatAmount(credited) },
  };
}

/** A month of a tenant. */
export function periodView({ softClosedAtMs, closedAtMs, chainSequence, ...record }: PeriodRecord) {
  return {
    ...record,
    softClosedAt: softClosedAtMs === null ? null : isoOf(softClosedAtMs),
    closedAt: closedAtMs === null ? null : isoOf(closedAtMs),
    chainSequence: chainSequence === null ? null : Number(chainSequence),
  };
}
