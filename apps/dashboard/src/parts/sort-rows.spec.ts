import { compareCells, rowMatches, sortedBy } from './sort-rows.js';

describe('tables', () => {
  it('sort decimals as numbers, beyond what a float tells apart', () => {
    const rows = ['10', '9.5', '-3', '0.100000000000000001', '0.1', null];
    expect([...rows].sort(compareCells)).toEqual(['-3', '0.1', '0.100000000000000001', '9.5', '10', null]);
  });

  it('sort the other way round, and leave the order alone where none is asked for', () => {
    const rows = [{ n: 2 }, { n: 3 }, { n: 1 }];
    expect(sortedBy(rows, '-n', ({ n }) => n).map(({ n }) => n)).toEqual([3, 2, 1]);
    expect(sortedBy(rows, '', ({ n }) => n)).toBe(rows);
  });

  it('find what was typed in any cell', () => {
    expect(rowMatches(['Support Bots', 3, null], ' bots ')).toBe(true);
    expect(rowMatches(['Support Bots', 3, null], 'sales')).toBe(false);
  });
});
