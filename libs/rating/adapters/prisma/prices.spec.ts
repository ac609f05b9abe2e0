import { jest } from '@jest/globals';
import { fileURLToPath } from 'node:url';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { openDatabase, Prisma, type Database } from '@trunkline/platform/database';
import type { ModelAlias, PriceList } from '@trunkline/rating';
import { readPriceSheets } from '@trunkline/rating/adapters/seed';
import { priceRow, priceVersions } from '../../test/prices.js';
import { importPrices, loadPriceBook, PriceBookRefused, priceBookRevision } from './index.js';

const SEEDS = fileURLToPath(new URL('../../../../prisma/seed/prices', import.meta.url));

// A real server on a machine that may be busy with other tests.
jest.setTimeout(60_000);

let postgres: TestPostgres;
const opened: Database[] = [];
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(async () => {
  await Promise.all(opened.map((db) => db.$disconnect()));
  await postgres.stop();
});

const freshDatabase = async (): Promise<Database> => {
  const db = openDatabase(await postgres.createDatabase(), { poolMax: 3 });
  opened.push(db);
  return db;
};
const list = (rows: Record<string, unknown>[], aliases: ModelAlias[] = []): PriceList => ({
  versions: priceVersions(...rows),
  aliases,
});
const problemsOf = async (db: Database, prices: PriceList): Promise<string> => {
  const result = await importPrices(db, prices);
  return result.ok ? '' : result.error.join('\n');
};

describe('stored prices', () => {
  it('come back exactly as the seed sheets have them', async () => {
    const db = await freshDatabase();
    const seeds = await readPriceSheets(SEEDS);
    if (!seeds.ok) throw new Error(seeds.error.join('\n'));
    const result = await importPrices(db, seeds.value);
    expect(result).toMatchObject({ ok: true, value: { versionsAdded: seeds.value.versions.length, versionsKept: 0 } });
    const book = (await loadPriceBook(db)).books.listOf('openai');
    const stored = new Map(book.versions.map((version) => [version.id, version]));
    for (const seed of seeds.value.versions)
      expect(stored.get(seed.id)).toEqual({
        ...seed,
        effectiveTo: seed.effectiveTo ?? stored.get(seed.id)?.effectiveTo,
      });
    expect(book.resolve('gpt-realtime', Date.parse('2026-01-01'))).toBe('gpt-realtime-2025-08-28');
  });

  it('do not change when the same list is imported again', async () => {
    const db = await freshDatabase();
    const prices = list([priceRow(), priceRow({ meter: 'output_text', price: '16' })]);
    await importPrices(db, prices);
    const before = await loadPriceBook(db);
    expect(await importPrices(db, prices)).toEqual({
      ok: true,
      value: { versionsAdded: 0, versionsKept: 2, aliasesAdded: 0 },
    });
    expect((await loadPriceBook(db)).revision).toBe(before.revision);
  });

  it('are one and the same when two importers bring the same list at once', async () => {
    const db = await freshDatabase();
    const prices = list([priceRow(), priceRow({ meter: 'output_text', price: '16' })]);
    const results = await Promise.all([importPrices(db, prices), importPrices(db, prices), importPrices(db, prices)]);
    expect(results.map((result) => result.ok && result.value.versionsAdded).sort()).toEqual([0, 0, 2]);
  });

  it('never change: another price for the same start is refused, and nothing of the list is imported', async () => {
    const db = await freshDatabase();
    await importPrices(db, list([priceRow()]));
    const problems = await problemsOf(db, list([priceRow({ meter: 'output_text' }), priceRow({ price: '5' })]));
    expect(problems).toContain('gpt-realtime input_text from 2025-08-28T00:00:00.000Z is 4 per 1M tokens');
    expect(problems).toContain('later effectiveFrom');
    expect((await loadPriceBook(db)).books.listOf('openai').versions).toHaveLength(1);
  });

  it('refuse an overlap with what is stored, naming both rows', async () => {
    const db = await freshDatabase();
    await importPrices(db, list([priceRow({ effectiveTo: '2026-06-01' })]));
    const problems = await problemsOf(db, list([priceRow({ effectiveFrom: '2026-05-01', price: '3' })]));
    expect(problems).toMatch(/from 2025-08-28.* overlaps .*from 2026-05-01/);
  });

  it('refuse an alias that changes its target or has none', async () => {
    const db = await freshDatabase();
    const alias = { alias: 'voice', model: 'gpt-realtime', effectiveFrom: Date.parse('2026-01-01'), source: 'test' };
    expect((await importPrices(db, list([priceRow()], [alias]))).ok).toBe(true);
    expect(await problemsOf(db, list([], [{ ...alias, model: 'other' }]))).toContain(
      'Give the new target a later date',
    );
    expect(await problemsOf(db, list([], [{ ...alias, alias: 'b', model: 'other' }]))).toContain('has no price');
  });

  it('have a revision that changes with every import', async () => {
    const db = await freshDatabase();
    const empty = await priceBookRevision(db);
    await importPrices(db, list([priceRow()]));
    expect(await priceBookRevision(db)).not.toBe(empty);
  });

  it('are refused as a whole when somebody wrote a contradiction into the table', async () => {
    const db = await freshDatabase();
    await importPrices(db, list([priceRow({ effectiveTo: '2026-06-01' })]));
    await db.$executeRaw`
      INSERT INTO price_version (id, provider, model, meter, unit, price, per, effective_from, currency, service_tier,
                                 source, confidence, change_id)
      SELECT 'pv_x', provider, model, meter, unit, price, per, '2026-01-01', currency, service_tier, source, confidence,
             change_id FROM price_version`;
    await expect(loadPriceBook(db)).rejects.toThrow(PriceBookRefused);
  });

  it.each([
    ['UPDATE', 'UPDATE price_version SET price = 1'],
    ['DELETE', 'DELETE FROM price_version'],
    ['TRUNCATE', 'TRUNCATE price_version CASCADE'],
    ['UPDATE of an alias', 'UPDATE price_alias SET model = model'],
  ])('cannot be changed by %s', async (_name, sql) => {
    const db = await freshDatabase();
    const alias = { alias: 'voice', model: 'gpt-realtime', effectiveFrom: 0, source: 'test' };
    await importPrices(db, list([priceRow()], [alias]));
    await expect(db.$executeRaw`${Prisma.raw(sql)}`).rejects.toThrow(/append-only/);
  });
});
