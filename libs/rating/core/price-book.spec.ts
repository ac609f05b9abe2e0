import { compilePriceBook } from './price-book.js';
import type { ModelAlias } from './price-version.js';
import { priceBook as book, priceRow as row, priceVersions as versions } from '../test/prices.js';

const alias = (name: string, model: string, from: string): ModelAlias => ({
  alias: name,
  model,
  effectiveFrom: Date.parse(from),
  source: 'test',
});
const at = (text: string): number => Date.parse(text);

describe('price book', () => {
  it('switches price at the instant a version starts, not a millisecond before', () => {
    const prices = book(versions(row(), row({ price: '3', effectiveFrom: '2026-01-01' })));
    const from = at('2026-01-01T00:00:00Z');
    const priceAt = (ms: number) => prices.lookup('gpt-realtime', 'input_text', ms)?.price;
    expect(priceAt(at('2025-08-28T00:00:00Z') - 1)).toBeUndefined();
    expect(priceAt(at('2025-08-28T00:00:00Z'))).toBe(4_000_000_000_000n);
    expect(priceAt(from - 1)).toBe(4_000_000_000_000n);
    expect(priceAt(from)).toBe(3_000_000_000_000n);
  });

  it('closes an open version where the next one starts, whatever the order of the rows', () => {
    const prices = book(versions(row({ price: '3', effectiveFrom: '2026-01-01' }), row()));
    expect(prices.versions.map((each) => each.effectiveTo)).toEqual([at('2026-01-01'), null]);
  });

  it('has no price in a gap between versions', () => {
    const prices = book(versions(row({ effectiveTo: '2025-09-01' }), row({ effectiveFrom: '2025-10-01' })));
    expect(prices.lookup('gpt-realtime', 'input_text', at('2025-08-31T23:59:59.999Z'))).not.toBeNull();
    expect(prices.lookup('gpt-realtime', 'input_text', at('2025-09-01'))).toBeNull();
    expect(prices.lookup('gpt-realtime', 'input_text', at('2025-10-01'))).not.toBeNull();
  });

  it('refuses overlapping versions and names both', () => {
    const rows = versions(row({ effectiveTo: '2026-02-01' }), row({ price: '3', effectiveFrom: '2026-01-01' }));
    const compiled = compilePriceBook(rows, []);
    expect(compiled.ok).toBe(false);
    const text = compiled.ok ? '' : compiled.error.join();
    for (const version of rows) expect(text).toContain(version.id);
    expect(text).toContain('gpt-realtime input_text from 2026-01-01');
  });

  it('refuses two versions that start at the same instant', () => {
    expect(compilePriceBook(versions(row(), row({ price: '5' })), []).ok).toBe(false);
  });

  it('follows an alias to the model it pointed to at that instant', () => {
    const prices = book(
      versions(
        row({ model: 'a-2024-10-01', effectiveFrom: '2024-10-01' }),
        row({ model: 'a-2024-12-17', effectiveFrom: '2024-12-17', price: '2' }),
      ),
      [alias('a', 'a-2024-12-17', '2024-12-17'), alias('a', 'a-2024-10-01', '2024-10-01')],
    );
    expect(prices.resolve('a', at('2024-09-30T23:59:59Z'))).toBeNull();
    expect(prices.resolve('a', at('2024-12-16T23:59:59Z'))).toBe('a-2024-10-01');
    expect(prices.resolve('a', at('2024-12-17'))).toBe('a-2024-12-17');
  });

  it('prices an unknown dated snapshot as its family', () => {
    const prices = book(versions(row({ model: 'gpt-realtime-2025-08-28' }), row({ model: 'gpt-realtime-2' })), [
      alias('gpt-realtime', 'gpt-realtime-2025-08-28', '2025-08-28'),
    ]);
    expect(prices.resolve('gpt-realtime-2026-03-01', at('2026-03-02'))).toBe('gpt-realtime-2025-08-28');
    expect(prices.resolve('gpt-realtime-2-2026-05-07', at('2026-05-08'))).toBe('gpt-realtime-2');
  });

  it('never prices an unknown name as its nearest relative', () => {
    const prices = book(versions(row()));
    for (const name of ['gpt-realtime-3', 'gpt-realtime-mini', 'gpt-realtime-latest', 'gpt', 'gpt-realtime-2025-8-28'])
      expect(prices.lookup(name, 'input_text', at('2026-01-01'))).toBeNull();
  });

  it('gives a known snapshot no price from its family before its own first version', () => {
    const prices = book(versions(row(), row({ model: 'gpt-realtime-2026-06-01', effectiveFrom: '2026-06-01' })));
    expect(prices.lookup('gpt-realtime-2026-06-01', 'input_text', at('2026-05-01'))).toBeNull();
  });

  it('refuses an alias that is ambiguous or leads nowhere', () => {
    const refused = (...aliases: ModelAlias[]) => !compilePriceBook(versions(row()), aliases).ok;
    expect(refused(alias('gpt-realtime', 'gpt-realtime', '2025-08-28'))).toBe(true);
    expect(refused(alias('voice', 'gpt-unknown', '2025-08-28'))).toBe(true);
    expect(refused(alias('voice', 'gpt-realtime', '2025-08-28'), alias('voice', 'gpt-realtime', '2025-08-28'))).toBe(
      true,
    );
  });
});
