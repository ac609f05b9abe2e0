import fc from 'fast-check';
import { addAmounts } from '@trunkline/kernel';
import { METERS, type Meter, type Quantity } from '@trunkline/metering';
import { priceBook, priceRow, priceVersions } from '../test/prices.js';
import { emptyPriceBook, type PriceBook } from './price-book.js';
import { rate, type Rating } from './rate.js';

const TOKEN_METERS: readonly Meter[] = [
  'input_text',
  'input_text_cached',
  'input_audio',
  'output_text',
  'output_audio',
];
const FROM = Date.parse('2026-01-01');

/** `voice` has a price for each token meter; `launch` has no cached one; both from 2026 on. */
function testBook(): PriceBook {
  const rows = TOKEN_METERS.flatMap((meter, i) =>
    ['voice', 'launch'].map((model) =>
      priceRow({ model, meter, price: `${i * 7}.${i}04`, effectiveFrom: '2026-01-01' }),
    ),
  );
  return priceBook(priceVersions(...rows.filter((row) => row.model === 'voice' || row.meter !== 'input_text_cached')));
}

type Usage = Partial<Record<Meter, bigint>>;
const isMeterName = (name: string): name is Meter => Object.hasOwn(METERS, name);
const quantities = (usage: Usage): Quantity[] =>
  Object.entries(usage).flatMap(([meter, count]) =>
    isMeterName(meter) ? [{ meter, quantityMicro: count * 1_000_000n }] : [],
  );
const rateTokens = (model: string, usage: Usage, occurredAtMs = FROM): Rating =>
  rate({ model, occurredAtMs, quantities: quantities(usage) }, testBook());

describe('rating', () => {
  it('charges cached tokens as uncached ones where there is no cached price at that date, and says by which', () => {
    const price = testBook().lookup('launch', 'input_text', FROM);
    expect(rateTokens('launch', { input_text_cached: 10n })).toMatchObject({
      outcome: 'rated',
      lines: [{ meter: 'input_text_cached', priceVersionId: price?.id }],
    });
  });

  it('leaves the whole event unrated when one price is missing, and names the meters', () => {
    expect(rateTokens('voice', { input_text: 5n, input_image: 7n, input_image_cached: 1n })).toEqual({
      outcome: 'unrated',
      reason: 'price_missing',
      model: 'voice',
      missing: ['input_image', 'input_image_cached'],
    });
  });

  it('never rates by a price of another date, an unknown model or an empty book', () => {
    expect(rateTokens('voice', { input_text: 1n }, FROM - 1).outcome).toBe('unrated');
    expect(rateTokens('voice-2', { input_text: 1n }).outcome).toBe('unrated');
    const event = { model: 'voice', occurredAtMs: FROM, quantities: quantities({ input_text: 1n }) };
    expect(rate(event, emptyPriceBook()).outcome).toBe('unrated');
  });

  it('needs no price for nothing', () => {
    expect(rateTokens('unknown', { input_text: 0n })).toEqual({ outcome: 'rated', lines: [], total: 0n, derived: [] });
  });

  const usages = fc
    .uniqueArray(fc.tuple(fc.constantFrom(...TOKEN_METERS), fc.bigInt(0n, 100_000_000n)), {
      selector: ([meter]) => meter,
    })
    .map((pairs): Usage => Object.fromEntries(pairs));

  it('makes lines that are disjoint, each quantity x price, and add up to the total', () => {
    const prices = testBook();
    fc.assert(
      fc.property(usages, (usage) => {
        const rating = rateTokens('voice', usage);
        if (rating.outcome === 'unrated') throw new Error(rating.missing.join());
        expect(new Set(rating.lines.map((line) => line.meter)).size).toBe(rating.lines.length);
        expect(addAmounts(...rating.lines.map((line) => line.amount))).toBe(rating.total);
        for (const line of rating.lines) {
          const price = prices.versions.find((version) => version.id === line.priceVersionId)?.price ?? -1n;
          expect(BigInt(line.amount) * 1_000_000_000_000n).toBe(line.quantityMicro * BigInt(price));
        }
      }),
    );
  });

  it('gives the same total however the tokens of an event are split', () => {
    const totalOf = (usage: Usage) => {
      const rating = rateTokens('launch', usage);
      if (rating.outcome === 'unrated') throw new Error(rating.missing.join());
      return rating.total;
    };
    const cutAt = (usage: Usage, cut: (count: bigint) => bigint): Usage =>
      Object.fromEntries(Object.entries(usage).map(([meter, count]) => [meter, cut(count)]));
    fc.assert(
      fc.property(usages, fc.bigInt(1n, 1_000n), (usage, share) => {
        const first = cutAt(usage, (count) => (count * share) / 1_000n);
        const rest = cutAt(usage, (count) => count - (count * share) / 1_000n);
        expect(addAmounts(totalOf(first), totalOf(rest))).toBe(totalOf(usage));
      }),
    );
  });
});
