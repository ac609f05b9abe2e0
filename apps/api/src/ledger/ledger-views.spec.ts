import { trustedId } from '@trunkline/kernel';
import type { PeriodRecord } from '@trunkline/ledger/adapters/prisma';
import { parsePeriod } from '@trunkline/ledger';
import { periodView } from './ledger-views.js';

const period = parsePeriod('2026-11');
if (period === null) throw new Error('2026-11 is a month');
const month: PeriodRecord = {
  ...{ tenantId: trustedId('tnt', 'tnt_1'), period, status: 'closed', softClosedAtMs: null, softClosedBy: null },
  ...{ closeRequestedBy: null, closedAtMs: null, closedBy: 'ann', approvedBy: 'bob', singlePerson: false },
  ...{ chainSequence: 2n, chainHead: 'head' },
  totals: {
    transactions: 3,
    booked: { 'tenant_charge/usage': '4', 'provider_cost/usage': '3.21', 'prepayment/manual': '1' },
    accounts: { receivable: '4', provider_payable: '-3.21' },
  },
  checklist: [{ check: 'reconciled', state: 'waived', detail: 'the vendor says 3.21', count: null }],
};

describe('a month of a tenant', () => {
  it('shows its people what they are charged, and nothing of what the vendor takes', () => {
    const told = periodView(month, false);
    expect(told.totals).toEqual({ booked: { 'tenant_charge/usage': '4', 'prepayment/manual': '1' } });
    expect(JSON.stringify(told)).not.toContain('3.21');
  });

  it('shows the company all of it', () => expect(periodView(month, true)).toMatchObject({ totals: month.totals }));
});
