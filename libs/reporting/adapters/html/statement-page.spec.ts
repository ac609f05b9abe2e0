// The page of a statement as finance reads and prints it.
import { ZERO } from '@trunkline/kernel';
import { StatementBuilder, type ChargeRow } from '../../index.js';
import { ACME, amount, directory, EVERY_KIND, metered } from '../../test/rows.js';
import { statementPage } from './index.js';

const pageOf = (rows: readonly ChargeRow[]): string => {
  const builder = new StatementBuilder({ kind: 'tenant', tenantId: ACME }, directory(), ZERO);
  for (const row of rows) builder.add(row);
  return statementPage(builder.build());
};
/** What it says, without markup. */
const wordsOf = (page: string): string =>
  page
    .replace(/<style>[^]*?<\/style>/, '')
    .replace(/<[^>]*>/g, ' ')
    .replace(/\s+/g, ' ');

describe('the page of a statement', () => {
  it('parts the thousands of quantities and amounts, and of nothing behind the point', () => {
    const row = metered({ quantityMicro: 1_234_567_890_123n, charge: amount('-1234567.123456789') });
    const words = wordsOf(pageOf([row]));
    expect(words).toContain('1,234,567.890123 Tokens');
    expect(words).toContain('-1,234,567.123456789 -1,234,567.12');
    expect(words).toContain('Total USD -1,234,567.12');
  });

  it('says the total where one looks first', () => {
    expect(wordsOf(pageOf([metered({ charge: amount('1000') })]))).toMatch(/FINAL USD 1,000\.00 /);
  });

  it('says prices as people do, and none of what is not billed', () => {
    const words = wordsOf(pageOf(EVERY_KIND));
    expect(words).toContain('64 per 1M tokens');
    expect(words).toContain('0.017 per minute');
    expect(words).toMatch(/2 Tokens not billed 0 0\.00/);
  });

  it('prints the sum of a section once, after its last line, though the section goes over several pages', () => {
    expect(pageOf(EVERY_KIND)).toMatch(/@media print\{[^]*tfoot\{display:table-row-group\}/);
  });
});
