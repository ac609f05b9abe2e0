import fc from 'fast-check';
import { addAmounts, mintId, parseAmount, priceOf, ZERO, type AmountPico } from '@trunkline/kernel';
import { usageEventId } from '@trunkline/metering';
import { ACCOUNT_KINDS, accountOf, type ChargePurpose } from './account.js';
import { reversalOf } from './reversal.js';
import { defectsOf, LedgerDefect, transactionFor, transactionId } from './transaction.js';
import type { Charge, ChargedLine, PostableUsage, Transaction, UsageBooking } from './transaction.js';

const bytes = (fill: number) => (n: number) => new Uint8Array(n).fill(fill);
const tenant = (fill = 1) => mintId('tnt', 1, bytes(fill));
const sessionId = mintId('ses', 1, bytes(1));
const eventId = (name = 'resp_1') => usageEventId({ sessionId, vendorObjectId: name, kind: 'response' });
const amount = (text: string): AmountPico => parseAmount(text) ?? ZERO;

const usageOf = (counts: Record<string, number>): PostableUsage => ({
  id: eventId(),
  tenantId: tenant(),
  sessionId,
  keyId: mintId('key', 1, bytes(1)),
  poolId: mintId('pool', 1, bytes(1)),
  model: 'gpt-realtime',
  evidence: 'reported',
  occurredAtMs: Date.parse('2026-11-30T23:59:59.999Z'),
  quantities: Object.entries(counts).map(([meter, n]) => ({ meter, quantityMicro: BigInt(n) * 1_000_000n })),
});
/** Four dollars a million, whatever the meter. */
const chargeOf = ({ quantities }: PostableUsage): Charge => {
  const lines = quantities
    .filter((each) => each.quantityMicro !== 0n)
    .map((each): ChargedLine => {
      const price = priceOf(each.quantityMicro, amount('4'), 1_000_000n);
      return { ...each, priceVersionId: mintId('pv', 1, bytes(1)), amount: price };
    });
  return { lines, total: addAmounts(...lines.map((line) => line.amount)) };
};
const booking = (purpose: ChargePurpose): UsageBooking => ({ purpose, usagePeriod: '2026-11' });
const posted = (counts: Record<string, number> = { input_text: 10, output_text: 5 }): Transaction => {
  const usage = usageOf(counts);
  return transactionFor(usage, chargeOf(usage), booking('tenant_charge'));
};

describe('a transaction', () => {
  it('has entries that sum to zero and lines that sum to its total, whatever was used', () => {
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.nat(1e8)), fc.boolean(), (counts, charge) => {
        const usage = usageOf(counts);
        const transaction = transactionFor(usage, chargeOf(usage), booking(charge ? 'tenant_charge' : 'provider_cost'));
        expect(addAmounts(...transaction.entries.map((entry) => entry.amount))).toBe(ZERO);
        expect(addAmounts(...transaction.lines.map((line) => line.amount))).toBe(transaction.total);
      }),
    );
  });

  it('debits the receivable and credits revenue by what the tenant is charged', () => {
    const [debit, credit] = posted().entries;
    expect(debit).toMatchObject({ account: { kind: 'receivable' }, amount: amount('0.00006') });
    expect(credit).toMatchObject({ account: { kind: 'revenue' }, amount: amount('-0.00006') });
  });

  it('debits the cost of sales and credits the vendor by what the vendor charges', () => {
    const usage = usageOf({ input_text: 10 });
    const [debit, credit] = transactionFor(usage, chargeOf(usage), booking('provider_cost')).entries;
    expect(debit).toMatchObject({ account: { kind: 'cost_of_sales' }, amount: amount('0.00004') });
    expect(credit).toMatchObject({ account: { kind: 'provider_payable' }, amount: amount('-0.00004') });
  });

  it('is booked even when it costs nothing', () => {
    expect(posted({ input_text: 0 })).toMatchObject({ total: ZERO, lines: [] });
  });

  it('has one id per usage event, purpose and revision, and no other has it', () => {
    const ids = ['a', 'b'].flatMap((name) => [
      transactionId(eventId(name), 'tenant_charge'),
      transactionId(eventId(name), 'provider_cost'),
      transactionId(eventId(name), 'provider_cost', 1),
    ]);
    expect(new Set(ids).size).toBe(6);
    expect(transactionId(eventId('a'), 'tenant_charge')).toBe(ids[0]);
  });

  it('is taken back whole: what both did to every account and meter is nothing', () => {
    const because = { actor: 'alice', reason: 'wrong price' };
    fc.assert(
      fc.property(fc.dictionary(fc.string(), fc.nat(1e8)), (counts) => {
        const good = posted(counts);
        const back = reversalOf(good, because, 0);
        const both = [...good.entries, ...back.entries];
        for (const { account } of good.entries)
          expect(addAmounts(...both.filter((e) => e.account.id === account.id).map((e) => e.amount))).toBe(ZERO);
        expect(back.lines.map((line) => -line.quantityMicro)).toEqual(good.lines.map((line) => line.quantityMicro));
        expect(defectsOf(back)).toEqual([]);
        expect(back).toMatchObject({ kind: 'reversal', corrects: good.id, because, occurredAtMs: good.occurredAtMs });
      }),
    );
  });

  it('is taken back once, and a reversal never', () => {
    const because = { actor: 'alice', reason: 'wrong price' };
    expect(reversalOf(posted(), because, 1).id).toBe(reversalOf(posted(), { ...because, actor: 'bob' }, 2).id);
    expect(() => reversalOf(reversalOf(posted(), because, 0), because, 0)).toThrow(LedgerDefect);
  });

  it('is refused when the rating is of another event', () => {
    const other = chargeOf(usageOf({ input_text: 11, output_text: 5 }));
    expect(() => transactionFor(usageOf({ input_text: 10, output_text: 5 }), other, booking('tenant_charge'))).toThrow(
      LedgerDefect,
    );
  });

  it.each<[string, (good: Transaction) => Partial<Transaction>, RegExp]>([
    ['unbalanced entries', ({ entries }) => ({ entries: entries.slice(0, 1) }), /entries sum to 0.00006/],
    ['a single entry', ({ entries }) => ({ entries: entries.slice(0, 1) }), /at least two entries/],
    ['a total that is not its lines', () => ({ total: amount('1') }), /lines sum to 0.00006, the total is 1/],
    ['a line twice', ({ lines }) => ({ lines: [...lines, ...lines] }), /charges a meter twice/],
    ['lines on no usage', () => ({ usage: null }), /is not metered/],
    ['an account twice', ({ entries }) => ({ entries: [...entries, ...entries] }), /two entries on one account/],
    [
      "another tenant's account",
      ({ entries }) => ({ entries: entries.map((each) => ({ ...each, account: accountOf(tenant(2), 'revenue') })) }),
      /another tenant's account/,
    ],
  ])('is refused with %s', (_name, change, message) => {
    const good = posted();
    expect(defectsOf(good)).toEqual([]);
    expect(defectsOf({ ...good, ...change(good) }).join('\n')).toMatch(message);
  });
});

describe('accounts', () => {
  it('are one per tenant, kind and currency', () => {
    const ids = [tenant(1), tenant(2)].flatMap((each) => ACCOUNT_KINDS.map((kind) => accountOf(each, kind).id));
    expect(new Set(ids).size).toBe(2 * ACCOUNT_KINDS.length);
    expect(accountOf(tenant(1), 'receivable').id).toBe(ids[0]);
  });
});
