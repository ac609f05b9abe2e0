// What goes out of the books, field by field. Amounts are decimal strings, times ISO 8601 in UTC.
import { formatAmount } from '@trunkline/kernel';
import type { RerateSums } from '@trunkline/ledger';
import type {
  Booked,
  PeriodRecord,
  TenantBalance,
  TransactionHead,
  VerifiedChain,
} from '@trunkline/ledger/adapters/prisma';
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

/** What rating again changes, or would. */
export function rerateView(sums: RerateSums) {
  return {
    ...{ currency: 'USD', looked_at: sums.looked, without_price: sums.unpriced },
    changes: sums.sums().map(({ before, after, difference, ...sum }) => ({
      ...sum,
      ...{ before: formatAmount(before), after: formatAmount(after), difference: formatAmount(difference) },
    })),
  };
}

/** A chain and where it breaks; null: it holds. */
export function chainView({ tenantId, period, head, broken }: VerifiedChain) {
  const where = broken && { number: Number(broken.sequence), id: broken.id, why: broken.why };
  return { tenantId, period, rows: Number(head.sequence), head: head.hash, broken: where };
}

/** A month of a tenant, for whoever may see what the vendor takes; of others that and the company's own checks are kept. */
export function periodView(
  { softClosedAtMs, closedAtMs, chainSequence, totals, checklist, ...record }: PeriodRecord,
  showsCost: boolean,
) {
  return {
    ...record,
    ...(showsCost ? { totals, checklist } : { totals: totals && { booked: charges(totals.booked) }, checklist: null }),
    softClosedAt: softClosedAtMs === null ? null : isoOf(softClosedAtMs),
    closedAt: closedAtMs === null ? null : isoOf(closedAtMs),
    chainSequence: chainSequence === null ? null : Number(chainSequence),
  };
}

function charges(booked: Readonly<Record<string, string>>): Readonly<Record<string, string>> {
  return Object.fromEntries(Object.entries(booked).filter(([of]) => /^(tenant_charge|prepayment)\//.test(of)));
}
