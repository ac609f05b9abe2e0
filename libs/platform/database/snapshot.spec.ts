import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { withSnapshot, type CopiedRow } from './index.js';

describe('rows copied out of a snapshot', () => {
  let postgres: TestPostgres;
  beforeAll(async () => {
    postgres = await startTestPostgres();
  }, 60_000);
  afterAll(() => postgres.stop());

  const rowsOf = (sql: string): Promise<CopiedRow[]> =>
    withSnapshot(postgres.url, async (snapshot) => {
      const rows: CopiedRow[] = [];
      for await (const batch of snapshot.copy(sql)) rows.push(...batch);
      return rows;
    });

  it('are the values that were stored: tabs, line ends, backslashes, nothing and NULL', async () => {
    const sql = String.raw`SELECT E'a\tb\nc\rd\\N', '', NULL, '\N', 'grüße 😀'`;
    expect(await rowsOf(sql)).toEqual([['a\tb\nc\rd\\N', '', null, '\\N', 'grüße 😀']]);
  });

  it('are whole and in order, however the network cuts them', async () => {
    const rows = await rowsOf(`SELECT n, repeat('ü', n % 1000), NULL FROM generate_series(1, 5000) AS n`);
    expect(rows).toHaveLength(5_000);
    for (const [i, row] of rows.entries()) expect(row).toEqual([String(i + 1), 'ü'.repeat((i + 1) % 1_000), null]);
  });

  it('of a query without rows are none', async () => {
    expect(await rowsOf('SELECT 1 WHERE false')).toEqual([]);
  });
});
