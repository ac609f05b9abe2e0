import { mintId } from '@trunkline/kernel';
import { parsePriceContent } from './price-content.js';
import { withIdsForSlugs } from './price-names.js';

const bytes = (n: number) => new Uint8Array(n).fill(1);
const [ACME, POOL] = [mintId('tnt', 1, bytes), mintId('pool', 1, bytes)];
const NAMES = { tenants: new Map([['acme', ACME]]), pools: new Map([['default', POOL]]) };
const ROW = { model: 'm', meter: 'input_text', unit: 'tokens', price: '4', effectiveFrom: '2027-01-01', source: 's' };
const plan = (tenantId: string) => ({ tenantId, effectiveFrom: '2027-01-01', markupBps: 1_500 });
const uplift = (scope: string) => ({ scope, name: 'eu', effectiveFrom: '2027-01-01', upliftBps: 1_000 });

describe('slugs in a price file', () => {
  it('say the same as ids', () => {
    const file = (tenant: string, pool: string) => ({
      versions: [{ ...ROW, book: `tenant:${tenant}` }, ROW],
      plans: [plan(tenant)],
      uplifts: [uplift(`pool:${pool}`), uplift(`tenant:${tenant}`)],
    });
    const bySlug = parsePriceContent(withIdsForSlugs(file('acme', 'default'), NAMES));
    expect(bySlug).toMatchObject({ ok: true });
    expect(bySlug).toEqual(parsePriceContent(file(ACME, POOL)));
  });

  it('are read in sheets too', () => {
    const { meter, price, ...sheet } = ROW;
    const sheets = [{ ...sheet, book: 'tenant:acme', prices: { [meter]: price } }];
    expect(parsePriceContent(withIdsForSlugs(sheets, NAMES))).toMatchObject({
      value: { versions: [{ book: `tenant:${ACME}` }] },
    });
  });

  it('are read in a plain list of versions', () => {
    const content = parsePriceContent(withIdsForSlugs([{ ...ROW, book: 'tenant:acme' }], NAMES));
    expect(content).toMatchObject({ value: { versions: [{ model: 'm', book: `tenant:${ACME}` }] } });
  });

  it.each([
    [{ plans: [plan('nobody')] }, '"nobody" is no tenant id'],
    [{ uplifts: [uplift('pool:acme')] }, '"pool:acme" is no pool'],
    [{ versions: 7 }, 'versions'],
    [7, 'expected object'],
  ])('leave what is none to be refused: %j', (file, words) => {
    const read = parsePriceContent(withIdsForSlugs(file, NAMES));
    expect(read.ok ? '' : read.error.join()).toContain(words);
  });
});
