import { parsePriceRows, parsePriceSheets } from './price-row.js';
import { priceRow as row } from '../test/prices.js';

const problems = (...rows: unknown[]): string => {
  const parsed = parsePriceRows(rows);
  return parsed.ok ? '' : parsed.error.join('\n');
};

describe('price rows', () => {
  it('read a good row', () => {
    const parsed = parsePriceRows([row({ effectiveTo: '2025-09-01T12:30:00Z' })]);
    expect(parsed).toMatchObject({
      ok: true,
      value: [
        { price: 4_000_000_000_000n, per: 1_000_000n, effectiveFrom: Date.UTC(2025, 7, 28), serviceTier: 'default' },
      ],
    });
  });

  it('have one id for one key, whatever their content', () => {
    const ids = parsePriceRows([row(), row({ source: 'elsewhere', price: '9' }), row({ meter: 'input_audio' })]);
    const [a, b, c] = ids.ok ? ids.value.map((each) => each.id) : [];
    expect(a).toBe(b);
    expect(a).not.toBe(c);
  });

  it.each([
    ['a negative price', { price: '-4' }, '"-4" is negative'],
    ['NaN', { price: 'NaN' }, '"NaN" is not a decimal'],
    ['a price written as a number', { price: 0.4 }, 'in quotes'],
    ['an unknown unit', { unit: 'words' }, 'must be one of tokens'],
    ['an unknown meter', { meter: 'input_smell' }, '"input_smell" is not a meter'],
    ['a unit that does not fit the meter', { unit: 'minutes' }, 'does not fit the meter input_text'],
    ['a price that is not exact for one token', { price: '0.0000001' }, 'more than 6 decimals'],
    ['a date without a zone', { effectiveFrom: '2025-08-28T10:00:00' }, 'is not a UTC date'],
    ['a day that does not exist', { effectiveFrom: '2025-02-30' }, 'is not a UTC date'],
    ['an end before the start', { effectiveTo: '2025-08-28' }, 'effectiveTo must be later'],
    ['another currency', { currency: 'EUR' }, 'must be USD'],
    ['a misspelt field', { prize: '4' }, 'prize'],
    ['no source', { source: '' }, 'where the price was read'],
  ])('are refused for %s, naming the row', (_name, over, message) => {
    const text = problems(row(), row(over));
    expect(text).toContain('row 2 (gpt-realtime');
    expect(text).toContain(message);
  });

  it('report the problems of all rows at once', () => {
    expect(problems(row({ price: '-1' }), row(), 7, row({ unit: 'x' })).split('\n')).toHaveLength(3);
  });
});

describe('price sheets', () => {
  const sheet = { model: 'm', unit: 'tokens', effectiveFrom: '2025-01-01', source: 'test' };

  it('become one version per meter and one alias per name', () => {
    const parsed = parsePriceSheets([{ ...sheet, aliases: ['n'], prices: { input_text: '4', output_text: '16' } }]);
    expect(parsed).toMatchObject({
      ok: true,
      value: {
        versions: [
          { model: 'm', meter: 'input_text' },
          { model: 'm', meter: 'output_text' },
        ],
        aliases: [{ alias: 'n', model: 'm', effectiveFrom: Date.UTC(2025, 0, 1) }],
      },
    });
  });

  it('are refused with the sheet and the meter named', () => {
    const parsed = parsePriceSheets([{ ...sheet, prices: { input_text: '4', input_smell: '1', output_text: '-1' } }]);
    const text = parsed.ok ? '' : parsed.error.join('\n');
    expect(text).toContain('sheet 1 (m) input_smell: meter "input_smell" is not a meter');
    expect(text).toContain('sheet 1 (m) output_text: price "-1" is negative');
  });
});
