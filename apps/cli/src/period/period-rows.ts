// How months are shown: a line each in lists, and their control totals.
import type { CheckedItem } from '@trunkline/ledger';
import type { PeriodRecord, PeriodTotals } from '@trunkline/ledger/adapters/prisma';
import type { Row } from '../output.js';
import type { NameOf } from '../tenant-names.js';

/** A month in a list. */
export function periodRow(record: PeriodRecord, nameOf: NameOf): Row {
  return {
    ...{ period: record.period, tenant: nameOf(record.tenantId), status: record.status },
    ...{ soft_closed_by: record.softClosedBy, close_asked_by: record.closeRequestedBy, closed_by: record.closedBy },
    approved_by: record.singlePerson ? `${record.approvedBy ?? ''} (single person)` : record.approvedBy,
    closed_at: record.closedAtMs === null ? null : new Date(record.closedAtMs).toISOString(),
    ...{ rows: record.chainSequence?.toString() ?? null, chain_head: record.chainHead },
  };
}

/** The control totals of a month: of a closed one as they were sealed, of another as they are now. */
export function totalRows(
  record: PeriodRecord,
  { transactions, booked, accounts }: PeriodTotals,
  nameOf: NameOf,
): Row[] {
  const of = { period: record.period, tenant: nameOf(record.tenantId), status: record.status };
  const sum =
    (kind: string) =>
    ([what, amount]: readonly [string, string]) => ({ ...of, sum_of: kind, what, amount_usd: amount });
  const bookings = `${transactions} bookings${record.chainHead === null ? ' so far' : `, chain head ${record.chainHead}`}`;
  return [
    { ...of, sum_of: null, what: bookings, amount_usd: null },
    ...Object.entries(booked).map(sum('bookings')),
    ...Object.entries(accounts).map(sum('account')),
  ];
}

/** The checklist of a month. */
export function checkRows(tenant: string, checklist: readonly CheckedItem[]): Row[] {
  return checklist.map(({ check, state, detail }) => ({ tenant, check, state, detail }));
}
