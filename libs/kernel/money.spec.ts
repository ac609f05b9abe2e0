import fc from 'fast-check';
import {
  addAmounts,
  billionthsUp,
  fitsDecimals,
  formatAmount,
  largerAmount,
  parseAmount,
  percentOf,
  priceOf,
  roundAmount,
  shareOf,
  type AmountPico,
} from './money.js';

const amount = (text: string): AmountPico => {
  const parsed = parseAmount(text);
  if (parsed === null) throw new Error(`not an amount: ${text}`);
  return parsed;
};

describe('money', () => {
  it('prices the worked example of the finance facts exactly', () => {
    expect(formatAmount(priceOf(1_234_567_000_000n, amount('64'), 1_000_000n))).toBe('79.012288');
  });

  it('rounds a per-minute price half to even only where it cannot be exact', () => {
    expect(formatAmount(priceOf(1_000_000n, amount('0.006'), 60n))).toBe('0.0001');
    expect(formatAmount(priceOf(1_000_000n, amount('0.05'), 60n))).toBe('0.000833333333');
    expect(priceOf(1n, 500_000n as AmountPico, 1n)).toBe(0n);
    expect(priceOf(3n, 500_000n as AmountPico, 1n)).toBe(2n);
  });

  it('rounds a statement line half away from zero', () => {
    expect(formatAmount(roundAmount(amount('0.125'), 2))).toBe('0.13');
    expect(formatAmount(roundAmount(amount('-0.125'), 2))).toBe('-0.13');
  });

  it('knows how many decimals an amount needs', () => {
    const fits = (text: string) => [0, 1, 2, 12].filter((decimals) => fitsDecimals(amount(text), decimals));
    expect(fits('4')).toEqual([0, 1, 2, 12]);
    expect(fits('-0.25')).toEqual([2, 12]);
    expect(fits('0.000000000001')).toEqual([12]);
  });

  it('says how much of a whole it is, within 0 and 1', () => {
    const share = (part: string, whole: string) => shareOf(amount(part), amount(whole));
    expect([share('1', '4'), share('5', '4'), share('-1', '4'), share('1', '0')]).toEqual([0.25, 1, 0, 0]);
    expect([share('0.000000000001', '1'), share('2', '3')]).toEqual([0, 0.666]);
    expect(formatAmount(largerAmount(amount('0.5'), amount('-7')))).toBe('0.5');
  });

  it('refuses what is not a decimal of at most twelve places', () => {
    for (const text of ['', '1e3', '.5', '1.', '+1', '1,5', 'NaN', '0.0000000000001', ' 1'])
      expect(parseAmount(text)).toBeNull();
  });

  it('survives writing and reading any amount', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 30n), max: 10n ** 30n }), (value) => {
        expect(parseAmount(formatAmount(value as AmountPico))).toBe(value);
      }),
    );
  });

  it('writes what whole units and the rest of a division are, without trailing zeros', () => {
    const unit = 10n ** 12n;
    fc.assert(
      fc.property(fc.bigInt({ min: -(10n ** 26n), max: 10n ** 26n }), (value) => {
        const size = value < 0n ? -value : value;
        const [whole, fraction = ''] = formatAmount(value as AmountPico)
          .replace('-', '')
          .split('.');
        expect(BigInt(whole ?? '')).toBe(size / unit);
        expect(BigInt(fraction.padEnd(12, '0'))).toBe(size % unit);
        expect(fraction).not.toMatch(/0$/);
        expect(formatAmount(value as AmountPico).startsWith('-')).toBe(value < 0n);
      }),
    );
  });

  it('prices parts to the same total as the whole when prices are per token', () => {
    fc.assert(
      fc.property(fc.nat(1e9), fc.nat(1e9), fc.nat(1e9), (a, b, price) => {
        const perMillion = (BigInt(price) * 1_000_000n) as AmountPico;
        const part = (n: number) => priceOf(BigInt(n) * 1_000_000n, perMillion, 1_000_000n);
        expect(addAmounts(part(a), part(b))).toBe(part(a + b));
      }),
    );
  });

  it('counts for limits in billionths, never less than the amount and less than one too many', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 0n, max: 10n ** 24n }), (value) => {
        const billionths = billionthsUp(value as AmountPico) * 1_000n;
        expect(billionths - value).toBeGreaterThanOrEqual(0n);
        expect(billionths - value).toBeLessThan(1_000n);
      }),
    );
  });

  it('puts a mark of some percent where no smaller count reaches it', () => {
    fc.assert(
      fc.property(fc.bigInt({ min: 1n, max: 10n ** 18n }), fc.integer({ min: 1, max: 100 }), (limit, percent) => {
        const mark = percentOf(limit, percent);
        expect(mark * 100n >= limit * BigInt(percent) && (mark - 1n) * 100n < limit * BigInt(percent)).toBe(true);
      }),
    );
  });
});
