import { formatAmount, mintId } from '@trunkline/kernel';
import { usageEvent, type Quantity, type UsageEvent, type UsageProblem } from '@trunkline/metering';
import { priceBooks, priceRow } from '../test/prices.js';
import type { PriceBooks } from './price-books.js';
import { openRunningCost } from './running-cost.js';

const zeros = (n: number): Uint8Array => new Uint8Array(n);
const event = (over: { id?: string; model?: string; tokens?: bigint; problem?: UsageProblem } = {}): UsageEvent => {
  const quantities: Quantity[] = [{ meter: 'input_text', quantityMicro: (over.tokens ?? 10n) * 1_000_000n }];
  return usageEvent(
    {
      kind: 'response',
      vendorObjectId: over.id ?? 'resp_1',
      model: over.model ?? 'gpt-realtime',
      status: 'completed',
      quantities,
      vendorUsage: null,
      problem: over.problem ?? null,
    },
    {
      sessionId: mintId('ses', 1, zeros),
      tenantId: mintId('tnt', 1, zeros),
      keyId: mintId('key', 1, zeros),
      poolId: mintId('pool', 1, zeros),
      replicaId: mintId('rep', 1, zeros),
      vendor: 'openai',
      occurredAtMs: Date.parse('2026-01-01'),
    },
  );
};
const book = (): PriceBooks => priceBooks([priceRow()]);

describe('running cost', () => {
  it('adds up events exactly', () => {
    const cost = openRunningCost();
    cost.add(event({ id: 'a', tokens: 3n }), book());
    cost.add(event({ id: 'b', tokens: 4n }), book());
    expect(formatAmount(cost.soFar().amount)).toBe('0.000028');
    expect(cost.soFar()).toMatchObject({ events: 2, unratedEvents: 0 });
    expect(cost.soFar().lines).toEqual([
      { model: 'gpt-realtime', meter: 'input_text', quantityMicro: 7_000_000n, amount: 28_000_000n },
    ]);
  });

  it('counts an event that the vendor repeats once', () => {
    const cost = openRunningCost();
    expect(cost.add(event(), book())).toBe(40_000_000n);
    expect(cost.add(event(), book())).toBeNull();
    expect(cost.soFar()).toMatchObject({ events: 1, amount: 40_000_000n });
  });

  it('flags usage without a price and never shows it as free', () => {
    const cost = openRunningCost();
    cost.add(event({ id: 'a' }), book());
    cost.add(event({ id: 'b', model: 'gpt-unknown' }), book());
    cost.add(event({ id: 'c', problem: 'sum_mismatch' }), book());
    expect(cost.soFar()).toMatchObject({ events: 3, unratedEvents: 2, amount: 40_000_000n });
    expect(cost.soFar().lines.map((line) => line.amount)).toEqual([null, null]);
  });
});
