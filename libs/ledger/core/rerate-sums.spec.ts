import { formatAmount, mintId, parseAmount, ZERO, type TenantId } from '@trunkline/kernel';
import { RerateSums, type Repriced } from './rerate-sums.js';

const [ACME, BETA] = [1, 2].map((n) => mintId('tnt', 1, (size) => new Uint8Array(size).fill(n))) as [
  TenantId,
  TenantId,
];
const amount = (text: string) => parseAmount(text) ?? ZERO;
const repriced = (before: string, after: string, over: Partial<Repriced> = {}): Repriced => ({
  ...{ tenantId: ACME, model: 'voice', purpose: 'tenant_charge', before: amount(before), after: amount(after) },
  ...over,
});

describe('what rating again changes', () => {
  it('is summed over all pages by tenant, model and purpose, exactly', () => {
    const sums = new RerateSums();
    sums.add({
      looked: 3,
      changed: [repriced('0.1', '0.2'), repriced('1', '2', { tenantId: BETA })],
      unpriced: ['txn'],
    });
    sums.add({
      ...{ looked: 2, unpriced: [] },
      changed: [repriced('0.2', '0.1'), repriced('5', '4', { purpose: 'provider_cost' })],
    });
    const shown = sums
      .sums()
      .map(({ tenantId, purpose, transactions, before, after, difference }) => [
        ...[tenantId, purpose, transactions, formatAmount(before), formatAmount(after), formatAmount(difference)],
      ]);
    expect(shown).toEqual([
      [ACME, 'tenant_charge', 2, '0.3', '0.3', '0'],
      [BETA, 'tenant_charge', 1, '1', '2', '1'],
      [ACME, 'provider_cost', 1, '5', '4', '-1'],
    ]);
    expect([sums.looked, sums.unpriced]).toEqual([5, 1]);
  });
});
