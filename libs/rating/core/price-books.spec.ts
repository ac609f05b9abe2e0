import { formatAmount, mintId, type TenantId } from '@trunkline/kernel';
import fc from 'fast-check';
import { priceBooks as books, priceRow as row, priceVersions } from '../test/prices.js';
import { compilePriceBooks, PURPOSES, type PriceBooks, type PricedUsage, type PriceCatalogue } from './price-books.js';
import { NO_PRICES } from './price-change.js';
import type { PricePlan, PriceUplift } from './price-plan.js';
import { rate } from './rate.js';

const bytes = (n: number) => (count: number) => new Uint8Array(count).fill(n);
const ACME = mintId('tnt', 1, bytes(1));
const OTHER = mintId('tnt', 1, bytes(2));
const POOL = mintId('pool', 1, bytes(3));
const OF_ACME: PricedUsage = { tenantId: ACME, poolId: POOL, vendor: 'openai' };
const AT = Date.parse('2026-11-21T12:00:00Z');

const plan = (markupBps: number, from: string, over: Partial<PricePlan> = {}): PricePlan => ({
  tenantId: ACME,
  effectiveFrom: Date.parse(from),
  revision: 0,
  markupBps,
  ...over,
});
const uplift = (upliftBps: number, over: Partial<PriceUplift> = {}): PriceUplift => ({
  scope: `pool:${POOL}`,
  name: 'data-residency',
  effectiveFrom: Date.parse('2026-01-01'),
  revision: 0,
  upliftBps,
  models: [],
  ...over,
});
/** The prices of a million text tokens, as cost and as charge. */
const prices = (all: PriceBooks, usage: PricedUsage = OF_ACME, atMs = AT): string[] =>
  PURPOSES.map((purpose) => {
    const version = all.booksFor(usage)[purpose].lookup('gpt-realtime', 'input_text', atMs);
    return version === null ? 'none' : formatAmount(version.price);
  });
const problems = (catalogue: Partial<PriceCatalogue>): string => {
  const compiled = compilePriceBooks({ ...NO_PRICES, ...catalogue });
  return compiled.ok ? '' : compiled.error.join('\n');
};

describe('price books', () => {
  it('charge the vendor list to a tenant without terms, by the very same version', () => {
    const forAcme = books([row()]).booksFor(OF_ACME);
    const [cost, charge] = PURPOSES.map((purpose) => forAcme[purpose].lookup('gpt-realtime', 'input_text', AT));
    expect(charge).toBe(cost);
    expect(charge?.derivedFrom).toBeNull();
  });

  it('add a markup to the charge from its instant on, and to nobody else', () => {
    const all = books([row()], { plans: [plan(1_500, '2026-11-01'), plan(0, '2026-12-01')] });
    expect(prices(all)).toEqual(['4', '4.6']);
    expect(prices(all, OF_ACME, Date.parse('2026-11-01') - 1)).toEqual(['4', '4']);
    expect(prices(all, OF_ACME, Date.parse('2026-12-01'))).toEqual(['4', '4']);
    expect(prices(all, { ...OF_ACME, tenantId: OTHER })).toEqual(['4', '4']);
  });

  it("have one list for each vendor, and price nothing of one by another's", () => {
    const ofAzure: PricedUsage = { ...OF_ACME, vendor: 'azure' };
    expect(prices(books([row()]), ofAzure)).toEqual(['none', 'none']);
    const both = books([row(), row({ provider: 'azure', price: '5' })], { plans: [plan(1_000, '2026-01-01')] });
    expect(prices(both)).toEqual(['4', '4.4']);
    expect(prices(both, ofAzure)).toEqual(['5', '5.5']);
    expect(both.versions.map(({ provider }) => provider)).toEqual(['openai', 'azure']);
  });

  it("know a tenant's own price and an alias by the vendor whose model it is", () => {
    const book = `tenant:${ACME}`;
    const own = books([row(), row({ provider: 'azure', price: '5' }), row({ provider: 'azure', price: '3', book })]);
    expect(prices(own)).toEqual(['4', '4']);
    expect(prices(own, { ...OF_ACME, vendor: 'azure' })).toEqual(['5', '3']);
    expect(problems({ versions: priceVersions(row(), row({ provider: 'azure', price: '3', book })) })).toContain(
      'azure/gpt-realtime input_text for tenant:',
    );
    const named = books([row({ model: 'voice-1' }), row({ provider: 'azure', model: 'voice' })], {
      aliases: [{ alias: 'voice', model: 'voice-1', effectiveFrom: 0, source: 'test' }],
    });
    expect(named.listOf('openai').resolve('voice', AT)).toBe('voice-1');
    expect(named.listOf('azure').resolve('voice', AT)).toBe('voice');
  });

  it('count the last correction of a plan', () => {
    const plans = [plan(1_500, '2026-11-01'), plan(1_000, '2026-11-01', { revision: 1 })];
    expect(prices(books([row()], { plans }))).toEqual(['4', '4.4']);
  });

  it('give a discount for a markup below zero', () => {
    expect(prices(books([row()], { plans: [plan(-2_500, '2026-11-01')] }))).toEqual(['4', '3']);
  });

  it('charge a tenant its own price, to which nothing is added', () => {
    const own = row({ book: `tenant:${ACME}`, price: '3.5', effectiveFrom: '2026-11-01' });
    const all = books([row(), own], { plans: [plan(1_500, '2026-11-01')], uplifts: [uplift(1_000)] });
    expect(prices(all)).toEqual(['4.4', '3.5']);
    expect(prices(all, { ...OF_ACME, tenantId: OTHER })).toEqual(['4.4', '4.4']);
  });

  it('add an uplift of the pool to cost and charge, and the markup on top of it', () => {
    const all = books([row()], { plans: [plan(2_000, '2026-11-01')], uplifts: [uplift(1_000)] });
    expect(prices(all)).toEqual(['4.4', '5.28']);
    const elsewhere = { ...OF_ACME, poolId: mintId('pool', 1, bytes(9)) };
    expect(prices(all, elsewhere)).toEqual(['4', '4.8']);
  });

  it('add an uplift once where pool and tenant have it, the tenant’s; others add up', () => {
    const ofTenant = uplift(500, { scope: `tenant:${ACME}` });
    expect(prices(books([row()], { uplifts: [uplift(1_000), ofTenant] }))).toEqual(['4.2', '4.2']);
    const regional = uplift(250, { name: 'region' });
    expect(prices(books([row()], { uplifts: [uplift(1_000), regional] }))).toEqual(['4.5', '4.5']);
  });

  it('add an uplift to the models that it names only, by any of their names', () => {
    const rows = [row({ model: 'gpt-realtime-2' }), row()];
    const alias = { alias: 'voice', model: 'gpt-realtime', effectiveFrom: 0, source: 'test' };
    const all = (models: string[]) => books(rows, { uplifts: [uplift(1_000, { models })], aliases: [alias] });
    expect(prices(all(['gpt-realtime-2']))).toEqual(['4', '4']);
    expect(prices(all(['voice']))).toEqual(['4.4', '4.4']);
  });

  it('price a service tier by its own list, and leave one without a list unpriced', () => {
    const all = books([row(), row({ serviceTier: 'priority', price: '8' })], { plans: [plan(1_000, '2026-11-01')] });
    expect(prices(all, { ...OF_ACME, serviceTier: 'priority' })).toEqual(['8', '8.8']);
    expect(prices(all, { ...OF_ACME, serviceTier: 'auto' })).toEqual(['4', '4.4']);
    expect(prices(all, { ...OF_ACME, serviceTier: 'flex' })).toEqual(['none', 'none']);
  });

  it('explain a markup by a version of its own, the same whoever makes it', () => {
    const terms = { plans: [plan(1_500, '2026-11-01')] };
    const made = () => books([row()], terms).booksFor(OF_ACME).tenant_charge.lookup('gpt-realtime', 'input_text', AT);
    const [base] = priceVersions(row());
    expect(made()).toEqual(made());
    expect(made()).toMatchObject({
      book: `tenant:${ACME}`,
      derivedFrom: base?.id,
      effectiveFrom: Date.parse('2026-11-01'),
      source: `markup 15 % over ${base?.id}`,
    });
    expect(made()?.id).not.toBe(base?.id);
  });

  it('round a derived token price once, half to even at six decimals, and charge every token exactly', () => {
    // 0.4 x 1.123 x 1.0001 = 0.44924492 -> 0.449245; 0.000001 x 1.5 = 0.0000015 -> 0.000002
    const all = (price: string, bps: number, up: number) =>
      books([row({ price })], { plans: [plan(bps, '2026-11-01')], uplifts: [uplift(up)] });
    expect(prices(all('0.4', 1_230, 1))[1]).toBe('0.449245');
    expect(prices(all('0.000001', 5_000, 0))[1]).toBe('0.000002');
    expect(prices(all('0.000003', 5_000, 0))[1]).toBe('0.000004');
  });

  it('make amounts of parts that sum to the amount of the whole, whatever is added', () => {
    const micro = 1_000_000n;
    fc.assert(
      fc.property(
        fc.integer({ min: -10_000, max: 100_000 }),
        fc.integer({ min: 0, max: 100_000 }),
        fc.bigInt(1n, 10_000n),
        fc.bigInt(1n, 10_000n),
        (markup, up, a, b) => {
          const all = books([row({ price: '0.123457' })], {
            plans: [plan(markup, '2026-11-01')],
            uplifts: [uplift(up)],
          });
          const amount = (tokens: bigint): bigint => {
            const quantities = [{ meter: 'input_text' as const, quantityMicro: tokens * micro }];
            const event = { model: 'gpt-realtime', occurredAtMs: AT, quantities };
            const rated = rate(event, all.booksFor(OF_ACME).tenant_charge);
            return rated.outcome === 'rated' ? rated.total : -1n;
          };
          expect(amount(a) + amount(b)).toBe(amount(a + b));
        },
      ),
    );
  });

  it('refuse a tenant price of a name that is not a priced one, and say which is', () => {
    const own = row({ book: `tenant:${ACME}`, model: 'voice' });
    const alias = { alias: 'voice', model: 'gpt-realtime', effectiveFrom: 0, source: 'test' };
    expect(problems({ versions: priceVersions(row(), own), aliases: [alias] })).toContain(
      'voice is another name of gpt-realtime; price that',
    );
    expect(problems({ versions: priceVersions(own) })).toContain('has no vendor price');
  });

  it('refuse overlaps within a list and a tier, and know none between them', () => {
    const second = { effectiveFrom: '2026-02-01', price: '3' };
    const first = row({ effectiveTo: '2026-03-01' });
    expect(problems({ versions: priceVersions(first, row(second)) })).toContain('overlaps');
    const others = [row({ ...second, serviceTier: 'flex' }), row({ ...second, book: `tenant:${ACME}` })];
    expect(problems({ versions: priceVersions(first, ...others) })).toBe('');
  });

  it('refuse an uplift of a model that nobody knows', () => {
    expect(problems({ versions: priceVersions(row()), uplifts: [uplift(1, { models: ['gpt-9'] })] })).toContain(
      'gpt-9 has no vendor price',
    );
  });

  it('keep tenants apart', () => {
    const tenants: TenantId[] = [ACME, OTHER];
    const all = books([row()], { plans: [plan(1_000, '2026-01-01'), plan(2_000, '2026-01-01', { tenantId: OTHER })] });
    expect(tenants.map((tenantId) => prices(all, { ...OF_ACME, tenantId })[1])).toEqual(['4.4', '4.8']);
  });
});
