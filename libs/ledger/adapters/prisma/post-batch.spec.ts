import { jest } from '@jest/globals';
import { eventually } from '../../../../test/support/poll.js';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { openDatabase, Prisma, type Database } from '@trunkline/platform/database';
import { emptyPriceBook, type PriceBooks } from '@trunkline/rating';
import { importRows, journal, ratingStates, usage, VOICE_PRICES } from '../../test/usage.js';
import { postBatch, reopenUnrated, stuckUsageOfAllTenants, unpricedModels } from './index.js';
import { claimPending } from './pending-usage.js';

// A real server on a machine that may be busy with other tests.
jest.setTimeout(60_000);

let postgres: TestPostgres;
let url: string;
let db: Database;
const opened: Database[] = [];
const open = (): Database => {
  const database = openDatabase(url, { poolMax: 3 });
  opened.push(database);
  return database;
};
beforeAll(async () => {
  postgres = await startTestPostgres();
});
beforeEach(async () => {
  url = await postgres.createDatabase();
  db = open();
});
afterAll(async () => {
  await Promise.all(opened.map((each) => each.$disconnect()));
  await postgres.stop();
});

/** Every row of the books, in a stable order, as text. */
const books = async (): Promise<unknown[]> => db.$queryRaw`
  SELECT t.usage_event_id, t.purpose, t.total::text, t.period, e.amount::text, a.kind, a.tenant_id
    FROM ledger_transaction t JOIN ledger_entry e ON e.transaction_id = t.id JOIN ledger_account a ON a.id = e.account_id
   ORDER BY 1, 2, e.amount DESC`;
const countOfBooks = async (): Promise<number[]> =>
  Promise.all([db.ledgerTransaction.count(), db.ledgerEntry.count(), db.chargeLine.count(), db.ledgerAccount.count()]);

/** Ends the one connection that waits for a lock, as soon as there is one. */
const killWaitingConnection = () =>
  eventually('a connection that waits for the lock', async () => {
    const killed: unknown[] = await db.$queryRaw`
      SELECT pg_terminate_backend(pid) FROM pg_stat_activity
       WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ledger_entry%'`;
    return killed.length > 0 ? killed : null;
  });

/** Rows of the queue that a claim of ten reads, of so many that wait. The statistics are of an empty queue. */
const readByClaim = async (waiting: number): Promise<unknown> => {
  await db.$executeRaw`ANALYZE usage_event`;
  await journal(db, ...Array.from({ length: waiting }, () => usage()));
  return db.$transaction(async (tx) => {
    expect((await claimPending(tx, 10)).events).toHaveLength(10);
    const rows: unknown = await tx.$queryRaw`
      SELECT (seq_tup_read + idx_tup_fetch)::int AS read FROM pg_stat_xact_user_tables WHERE relname = 'usage_event'`;
    return rows;
  });
};

describe('posting', () => {
  it('reads as much of a long queue as it takes', async () => {
    expect(await readByClaim(1_000)).toEqual([{ read: 10 }]);
  });

  it('books each event as cost and as charge, at quantity x price, in its period', async () => {
    const event = usage();
    const prices = await importRows(db, VOICE_PRICES);
    await journal(db, event);
    expect(await postBatch(db, prices)).toEqual({ claimed: 1, more: false, rated: 1, unrated: 0, setAside: [] });
    // 1,000 x 4 + 100 x 64 per million
    const row = { usage_event_id: event.id, total: '0.010400000000', period: '2026-11', tenant_id: event.tenantId };
    const [debit, credit] = [{ amount: '0.010400000000' }, { amount: '-0.010400000000' }];
    expect(await books()).toEqual([
      { ...row, ...debit, purpose: 'provider_cost', kind: 'cost_of_sales' },
      { ...row, ...credit, purpose: 'provider_cost', kind: 'provider_payable' },
      { ...row, ...debit, purpose: 'tenant_charge', kind: 'receivable' },
      { ...row, ...credit, purpose: 'tenant_charge', kind: 'revenue' },
    ]);
  });

  it('books events of every period and price by the instant they occurred', async () => {
    const prices = await importRows(db, [
      ...VOICE_PRICES,
      { ...VOICE_PRICES[0], price: '3', effectiveFrom: '2026-12-01' },
    ]);
    const counts = { input_text: 1_000_000n };
    await journal(db, usage({ counts, at: '2026-11-30T23:59:59.999Z' }), usage({ counts, at: '2026-12-01T00:00:00Z' }));
    await postBatch(db, prices);
    const rows = await db.ledgerTransaction.findMany({
      where: { purpose: 'tenant_charge' },
      orderBy: { period: 'asc' },
    });
    expect(rows.map((row) => [row.period, row.total.toString()])).toEqual([
      ['2026-11', '4'],
      ['2026-12', '3'],
    ]);
  });

  it('books each event once while four workers post at once', async () => {
    const prices = await importRows(db, VOICE_PRICES);
    await journal(db, ...Array.from({ length: 400 }, () => usage()));
    const worker = async (database: Database): Promise<number> => {
      let rated = 0;
      for (;;) {
        const batch = await postBatch(database, prices, { batchMax: 7 });
        rated += batch.rated;
        if (batch.claimed === 0) return rated;
      }
    };
    const rated = await Promise.all([open(), open(), open(), open()].map(worker));
    expect(rated.reduce((sum, each) => sum + each, 0)).toBe(400);
    expect(await ratingStates(db)).toEqual({ rated: 400 });
    expect(await countOfBooks()).toEqual([800, 1600, 1600, 4]);
  });

  it('changes nothing when an event that is in the books comes round again', async () => {
    const prices = await importRows(db, VOICE_PRICES);
    await journal(db, usage(), usage());
    await postBatch(db, prices);
    const before = await books();
    // Nobody can put it back but the owner of the table, past its triggers.
    await db.$executeRaw`ALTER TABLE usage_event DISABLE TRIGGER usage_event_stays_billed`;
    await db.$executeRaw`UPDATE usage_event SET rating_state = 'pending'`;
    await db.$executeRaw`ALTER TABLE usage_event ENABLE TRIGGER usage_event_stays_billed`;
    expect(await postBatch(db, prices)).toMatchObject({ claimed: 2 });
    expect(await books()).toEqual(before);
    expect(await ratingStates(db)).toEqual({ rated: 2 });
  });

  it('leaves nothing half done when its connection dies between rating and commit', async () => {
    const prices = await importRows(db, VOICE_PRICES);
    await journal(db, usage(), usage());
    // Holding this table stops the batch after it has claimed and rated, before it can commit.
    const blocker = open();
    const victim = open();
    await blocker.$transaction(async (tx) => {
      await tx.$executeRaw`LOCK TABLE ledger_entry IN ACCESS EXCLUSIVE MODE`;
      const posting = expect(postBatch(victim, prices)).rejects.toThrow();
      await killWaitingConnection();
      await posting;
    });
    expect(await countOfBooks()).toEqual([0, 0, 0, 0]);
    expect(await ratingStates(db)).toEqual({ pending: 2 });
    expect(await postBatch(db, prices)).toMatchObject({ rated: 2 });
    expect(await countOfBooks()).toEqual([4, 8, 8, 4]);
  });

  it('leaves usage without a price in the queue of the unrated, never in the books', async () => {
    const prices = await importRows(db, VOICE_PRICES);
    await journal(db, usage({ model: 'unknown' }), usage({ counts: { input_text: 1n, input_audio: 1n } }), usage());
    expect(await postBatch(db, prices)).toMatchObject({ claimed: 3, rated: 1, unrated: 2 });
    expect(await ratingStates(db)).toEqual({ rated: 1, unrated: 2 });
    expect(await db.ledgerTransaction.count()).toBe(2);
  });

  it('rates what was unrated once the price is imported, at the price of its own date', async () => {
    await journal(db, usage({ model: 'late-model', counts: { input_text: 1_000_000n }, at: '2026-02-01T00:00:00Z' }));
    const none = await importRows(db, VOICE_PRICES);
    expect(await postBatch(db, none)).toMatchObject({ unrated: 1 });
    expect(await reopenUnrated(db, none.books)).toBe(0);
    const row = { ...VOICE_PRICES[0], model: 'late-model' };
    const prices = await importRows(db, [row, { ...row, effectiveFrom: '2026-06-01', price: '9' }]);
    expect(await reopenUnrated(db, prices.books)).toBe(1);
    expect(await postBatch(db, prices)).toMatchObject({ rated: 1 });
    expect((await db.ledgerTransaction.findFirst())?.total.toString()).toBe('4');
  });

  it("prices usage by its own vendor's list alone: until there is one it waits, and then waits no more", async () => {
    const openai = await importRows(db, VOICE_PRICES);
    await journal(db, usage({ vendor: 'azure' }), usage());
    expect(await postBatch(db, openai)).toMatchObject({ rated: 1, unrated: 1 });
    const range = { fromMs: 0, toMs: Date.parse('2027-01-01'), limit: 10 };
    const [stuck] = await stuckUsageOfAllTenants(db, { ...range, books: openai.books });
    expect(stuck?.why).toBe('no price of azure for input_text, output_audio');
    expect(await reopenUnrated(db, openai.books)).toBe(0);
    const azures = VOICE_PRICES.map((row) => ({ ...row, provider: 'azure', price: '10' }));
    const both = await importRows(db, azures);
    expect(await reopenUnrated(db, both.books)).toBe(1);
    expect(await postBatch(db, both)).toMatchObject({ rated: 1 });
    const booked = await db.ledgerTransaction.findMany({
      where: { purpose: 'provider_cost' },
      orderBy: { total: 'asc' },
    });
    // 1,000 in and 100 out: at 4 and 64 per million, and at 10 for both.
    expect(booked.map(({ total }) => total.toString())).toEqual(['0.0104', '0.011']);
    const lines = await db.chargeLine.findMany({ select: { priceVersion: { select: { provider: true } } } });
    expect(lines.map((line) => line.priceVersion.provider).sort()).toEqual([
      ...['azure', 'azure', 'azure', 'azure'],
      ...['openai', 'openai', 'openai', 'openai'],
    ]);
  });

  it('never takes a parked event', async () => {
    const prices = await importRows(db, VOICE_PRICES);
    await journal(db, usage({ problem: 'sum_mismatch' }));
    expect(await postBatch(db, prices)).toMatchObject({ claimed: 0 });
    await reopenUnrated(db, prices.books);
    expect(await ratingStates(db)).toEqual({ parked: 1 });
  });

  it.each([
    ['a newer shape', `version = 2`, /shape 2/],
    ['an unknown meter', `quantities = '[{"meter":"input_smell","quantityMicro":"1"}]'`, /input_smell/],
    ['a repeated meter', `quantities = quantities || quantities`, /twice/],
    ['no numbers', `quantities = '{}'`, /not stored as/],
  ])('sets an event with %s aside and books the others', async (_name, change, why) => {
    const prices = await importRows(db, VOICE_PRICES);
    const odd = usage({ at: '2026-03-01T00:00:00Z' });
    await journal(db, odd, usage());
    await db.$executeRaw`UPDATE usage_event SET ${Prisma.raw(change)} WHERE id = ${odd.id}`;
    const batch = await postBatch(db, prices);
    expect(batch).toMatchObject({ claimed: 2, rated: 1, setAside: [{ id: odd.id }] });
    expect(batch.setAside[0]?.why).toMatch(why);
    expect(await ratingStates(db)).toEqual({ rated: 1, unrated: 1 });
  });

  it.each(['1', '-5000000', '1000000000000000000000'])('parks for good what counts %s millionths', async (micro) => {
    const prices = await importRows(db, VOICE_PRICES);
    const odd = usage({ at: '2026-03-01T00:00:00Z' });
    await journal(db, odd, usage());
    await db.$executeRaw`
      UPDATE usage_event SET quantities = jsonb_build_array(jsonb_build_object('meter', 'input_text', 'quantityMicro', ${micro}::text))
       WHERE id = ${odd.id}`;
    const batch = await postBatch(db, prices);
    expect(batch).toMatchObject({ claimed: 2, rated: 1, unrated: 0, setAside: [{ id: odd.id }] });
    expect(batch.setAside[0]?.why).toMatch(/cannot be/);
    expect(await unpricedModels(db)).toEqual([]);
    expect(await reopenUnrated(db, prices.books)).toBe(0);
    expect(await ratingStates(db)).toEqual({ parked: 1, rated: 1 });
  });

  it('needs prices of both purposes before it books either', async () => {
    const prices = await importRows(db, VOICE_PRICES);
    const booksFor: PriceBooks['booksFor'] = (of) => ({
      ...prices.books.booksFor(of),
      tenant_charge: emptyPriceBook(),
    });
    const onlyCost = { ...prices, books: { ...prices.books, booksFor } };
    await journal(db, usage());
    expect(await postBatch(db, onlyCost)).toMatchObject({ rated: 0, unrated: 1 });
    expect(await countOfBooks()).toEqual([0, 0, 0, 0]);
  });
});
