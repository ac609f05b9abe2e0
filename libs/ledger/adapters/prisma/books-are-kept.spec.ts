// What the database itself guarantees, whoever writes: it is the last line when the code above it is wrong.
import { jest } from '@jest/globals';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { openDatabase, Prisma, type Database } from '@trunkline/platform/database';
import { importRows, journal, usage, VOICE_PRICES } from '../../test/usage.js';
import { postBatch, type PostingPrices } from './index.js';

// A real server on a machine that may be busy with other tests.
jest.setTimeout(60_000);

let postgres: TestPostgres;
let db: Database;
let app: Database;
let prices: PostingPrices;
beforeAll(async () => {
  postgres = await startTestPostgres();
  db = postgres.db;
  const asApp = new URL(postgres.url);
  asApp.searchParams.set('options', '-c role=trunkline_app');
  app = openDatabase(asApp.href, { poolMax: 2 });
  prices = await importRows(db, VOICE_PRICES);
  await journal(db, usage());
  await postBatch(db, prices);
});
afterAll(async () => {
  await app.$disconnect();
  await postgres.stop();
});

const run = (sql: string, as: Database = db): Promise<number> => as.$executeRaw`${Prisma.raw(sql)}`;
const TABLES = ['ledger_account', 'ledger_transaction', 'ledger_entry', 'charge_line', 'price_version'];
const CHANGES: Record<string, string> = {
  ledger_account: `tenant_id = tenant_id`,
  ledger_transaction: `period = '2020-01'`,
  ledger_entry: `amount = 0`,
  charge_line: `amount = 0`,
  price_version: `price = 0`,
};
const HEAD = `INSERT INTO ledger_transaction (id, usage_event_id, purpose, tenant_id, session_id, key_id, pool_id, model,
  evidence, occurred_at, period, usage_period, currency, total, chain_sequence, chain_hash)`;
const head = (id: string, total: number) =>
  `${HEAD} VALUES ('${id}', '${id}', 'tenant_charge', 't', 's', 'k', 'p', 'm', 'reported', now(), '2026-10', '2026-10', 'USD', ${total},
    (SELECT 1 + count(*) FROM ledger_transaction WHERE tenant_id = 't'), '${'0'.repeat(64)}')`;
const entries = (id: string, ...amounts: number[]) =>
  `INSERT INTO ledger_entry SELECT '${id}', a.id, e.amount
     FROM (SELECT id, row_number() OVER () AS n FROM ledger_account) a
     JOIN unnest(ARRAY[${amounts.join()}]::numeric[]) WITH ORDINALITY AS e(amount, n) USING (n)`;
const line = (id: string, meter: string, amount: number) =>
  `INSERT INTO charge_line SELECT '${id}', '${meter}', 1, id, ${amount} FROM price_version LIMIT 1`;
const together = (...statements: string[]) =>
  db.$transaction(async (tx) => {
    for (const sql of statements) await tx.$executeRaw`${Prisma.raw(sql)}`;
  });

describe('the books', () => {
  it.each(TABLES)('cannot be changed: UPDATE, DELETE and TRUNCATE of %s raise', async (table) => {
    await expect(run(`UPDATE ${table} SET ${CHANGES[table]}`)).rejects.toThrow(/append-only: UPDATE is refused/);
    await expect(run(`DELETE FROM ${table}`)).rejects.toThrow(/append-only: DELETE is refused/);
    await expect(run(`TRUNCATE ${table} CASCADE`)).rejects.toThrow(/append-only: TRUNCATE is refused/);
  });

  it.each(TABLES)('cannot be changed by the application role: it has no right to on %s', async (table) => {
    await expect(run(`UPDATE ${table} SET ${CHANGES[table]}`, app)).rejects.toThrow(/permission denied/);
    await expect(run(`DELETE FROM ${table}`, app)).rejects.toThrow(/permission denied/);
    await expect(run(`TRUNCATE ${table} CASCADE`, app)).rejects.toThrow(/permission denied/);
  });

  it.each([
    `UPDATE usage_event SET caused_by = 'policy'`,
    `UPDATE usage_event SET service_tier = 'flex'`,
    `UPDATE usage_event SET rating_state = 'pending'`,
    `UPDATE usage_event SET rating_state = 'parked'`,
    'DELETE FROM usage_event',
    'TRUNCATE usage_event',
  ])('rest on usage that stays as it was billed: %s raises', async (sql) => {
    await expect(run(sql)).rejects.toThrow(/immutable/);
  });

  it.each([`UPDATE usage_event SET model = 'cheaper'`, 'DELETE FROM usage_event', 'TRUNCATE usage_event'])(
    'rest on usage that the application role has no right to change: %s',
    async (sql) => {
      await expect(run(sql, app)).rejects.toThrow(/permission denied/);
    },
  );

  it('let go of usage that was not billed yet', async () => {
    await journal(db, usage({ model: 'unpriced' }));
    expect(await run(`DELETE FROM usage_event WHERE model = 'unpriced'`)).toBe(1);
  });

  it('can be posted to by the application role', async () => {
    await journal(db, usage());
    expect(await postBatch(app, prices)).toMatchObject({ rated: 1 });
  });

  it('take a transaction that balances', async () => {
    await together(head('good', 3), entries('good', 3, -3), line('good', 'input_text', 3));
  });

  it.each([
    ['entries that do not sum to zero', [entries('x', 3, -2), line('x', 'input_text', 3)], /entries sum to 1/],
    ['no entries', [line('x', 'input_text', 3)], /0 entries/],
    ['a single entry', [entries('x', 0), line('x', 'input_text', 3)], /1 entries/],
    ['lines that do not sum to the total', [entries('x', 3, -3), line('x', 'input_text', 2)], /lines to 2/],
    ['no lines for its total', [entries('x', 3, -3)], /total is 3/],
  ])('refuse a transaction with %s, at commit', async (_name, statements, message) => {
    await expect(together(head('x', 3), ...statements)).rejects.toThrow(message);
    expect(await db.ledgerTransaction.count({ where: { id: 'x' } })).toBe(0);
  });

  it('refuse a part of what is not there: a transaction, an account, a price', async () => {
    await expect(together(line('nowhere', 'input_text', 1))).rejects.toThrow(/nothing can be added/);
    await expect(together(entries('nowhere', 1, -1))).rejects.toThrow(/nothing can be added/);
    const elsewhere = `INSERT INTO ledger_entry VALUES ('parts', 'acc_nowhere', 0)`;
    await expect(together(head('parts', 0), entries('parts', 0, 0), elsewhere)).rejects.toThrow(
      /acc_nowhere, which is no account/,
    );
    const unpriced = `INSERT INTO charge_line VALUES ('parts', 'input_text', 1, 'pv_nowhere', 0)`;
    await expect(together(head('parts', 0), entries('parts', 0, 0), unpriced)).rejects.toThrow(
      /pv_nowhere, which is no price version/,
    );
  });

  it('refuse a wrong part among right ones', async () => {
    const mixed = `INSERT INTO charge_line SELECT 'mixed', p.meter, 1, p.id, 0
      FROM (SELECT id, 'm' || row_number() OVER () AS meter FROM price_version UNION ALL SELECT 'pv_nowhere', 'x') AS p`;
    await expect(together(head('mixed', 0), entries('mixed', 0, 0), mixed)).rejects.toThrow(/pv_nowhere, which is no/);
  });

  it('refuse anything added to a transaction later', async () => {
    await together(head('closed', 0), entries('closed', 0, 0));
    await expect(together(`${entries('closed', 0, 0, 5)} WHERE e.amount = 5`)).rejects.toThrow(/nothing can be added/);
    await expect(together(line('closed', 'input_text', 1))).rejects.toThrow(/nothing can be added/);
  });

  it('refuse a second transaction for the same usage event and purpose', async () => {
    await together(head('once', 0), entries('once', 0, 0));
    const again = head('again', 0).replace("'again', 'again'", "'again', 'once'");
    await expect(together(again, entries('again', 0, 0))).rejects.toThrow();
    expect(await db.ledgerTransaction.count({ where: { usageEventId: 'once' } })).toBe(1);
  });

  it.each(['NaN', 'Infinity', '-1'])('refuse %s as a price', async (price) => {
    const insert = `INSERT INTO price_version (id, provider, model, meter, unit, price, per, effective_from, currency,
      service_tier, source, confidence, change_id)
      SELECT 'bad', 'openai', 'm', 'x', 'tokens', '${price}', 1, now(), 'USD', 'd', 's', 'high', id FROM price_change`;
    await expect(run(insert)).rejects.toThrow(/price_real|numeric field overflow/);
  });
});
