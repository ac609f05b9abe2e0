import { jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { formatAmount, mintId, ZERO } from '@trunkline/kernel';
import { openDatabase, Prisma, type Database } from '@trunkline/platform/database';
import { NO_PRICES, type PriceCatalogue } from '@trunkline/rating';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { priceRow, priceVersions } from '../../test/prices.js';
import {
  approvePrices,
  draftPrices,
  findPriceChange,
  importPrices,
  loadPriceBook,
  rejectPrices,
  type PriceContext,
} from './index.js';

const NOW = Date.parse('2026-11-28T12:00:00Z');
const ACME = mintId('tnt', 1, (n) => new Uint8Array(n).fill(1));
const POOL = mintId('pool', 1, (n) => new Uint8Array(n).fill(2));

// A real server on a machine that may be busy with other tests.
jest.setTimeout(60_000);

let postgres: TestPostgres;
let db: Database;
let context: PriceContext;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());
beforeEach(async () => {
  db = openDatabase(await postgres.createDatabase(), { poolMax: 3 });
  context = { db, clock: { nowMs: () => NOW }, randomBytes };
  await importPrices(db, { versions: priceVersions(priceRow()), aliases: [] });
});
afterEach(() => db.$disconnect());

const content = (over: Record<string, unknown>, more: Partial<PriceCatalogue> = {}): PriceCatalogue => ({
  ...NO_PRICES,
  versions: priceVersions(priceRow({ price: '5', effectiveFrom: '2026-12-01', ...over })),
  ...more,
});
const draft = async (over: Record<string, unknown> = {}, correction = false, more: Partial<PriceCatalogue> = {}) =>
  draftPrices(context, { content: content(over, more), author: 'ann', reason: 'new list', correction });
const drafted = async (...args: Parameters<typeof draft>): Promise<string> => {
  const result = await draft(...args);
  if (!result.ok) throw new Error(result.error.join('\n'));
  return result.value.change.id;
};
const approve = (id: string, actor = 'bob', singlePerson = false) =>
  approvePrices(context, id, { actor, reason: null, singlePerson });
const priceAt = async (at: string): Promise<string> => {
  const book = (await loadPriceBook(db)).books.listOf('openai');
  const version = book.lookup('gpt-realtime', 'input_text', Date.parse(at));
  return version === null ? 'none' : formatAmount(version.price);
};
const problems = async (result: Promise<{ ok: boolean; error?: readonly string[] }>): Promise<string> =>
  ((await result).error ?? []).join('\n');

describe('a change of prices', () => {
  it('holds for nobody as a draft, and from its date once a second person approved it', async () => {
    const id = await drafted();
    expect(await priceAt('2026-12-02')).toBe('4');
    expect(await approve(id)).toMatchObject({ ok: true });
    expect([await priceAt('2026-11-30'), await priceAt('2026-12-01')]).toEqual(['4', '5']);
  });

  it('cannot be approved by its author, unless one person is all there is and says so', async () => {
    const id = await drafted();
    for (const author of ['ann', 'Ann', ' ANN '])
      expect(await problems(approve(id, author))).toContain('a second person has to approve it');
    expect(await approve(id, 'ann', true)).toMatchObject({ ok: true });
    const change = await findPriceChange(db, id);
    expect(change?.decision).toMatchObject({ actor: 'ann', singlePerson: true });
  });

  it('is not recorded as of a single person where there were two, whatever the flag', async () => {
    const id = await drafted();
    await approve(id, 'bob', true);
    const change = await findPriceChange(db, id);
    expect(change?.decision).toMatchObject({ actor: 'bob', singlePerson: false });
  });

  it('is kept with author, approver, instants, reason and source', async () => {
    const id = await drafted();
    await approve(id);
    const change = await findPriceChange(db, id);
    const by = { author: 'ann', reason: 'new list', authoredAtMs: NOW };
    expect(change).toMatchObject({ ...by, decision: { outcome: 'approved', actor: 'bob', decidedAtMs: NOW } });
    const row = await db.priceVersion.findFirst({ where: { changeId: change?.id ?? '' } });
    expect(row).toMatchObject({ source: 'test', changeId: change?.id });
  });

  it('is rejected with a reason, for good', async () => {
    const id = await drafted();
    expect(await problems(rejectPrices(context, id, { actor: 'bob', reason: ' ' }))).toContain('needs a reason');
    expect(await rejectPrices(context, id, { actor: 'bob', reason: 'wrong model' })).toMatchObject({ ok: true });
    expect(await problems(approve(id))).toContain('was rejected by bob');
    expect(await priceAt('2026-12-02')).toBe('4');
  });

  it('is decided once when two people decide at once', async () => {
    const id = await drafted();
    const results = await Promise.all([approve(id, 'bob'), approve(id, 'cleo'), approve(id, 'dan')]);
    expect(results.filter((result) => result.ok)).toHaveLength(1);
    expect(await db.priceVersion.count()).toBe(2);
  });

  it('may not begin in the past unless it is a correction', async () => {
    expect(await problems(draft({ effectiveFrom: '2026-11-01' }))).toMatch(
      /gpt-realtime input_text from 2026-11-01.*past/,
    );
    await approve(await drafted({ effectiveFrom: '2026-11-01' }, true));
    expect(await priceAt('2026-11-02')).toBe('5');
  });

  it.each(['0000-01-01', '1926-11-01', '3026-11-01'])('may not begin at %s, which nobody can mean', async (date) => {
    const effectiveFrom = Date.parse(date);
    const alias = { alias: 'voice', model: 'gpt-realtime', source: 'test', effectiveFrom };
    expect(await problems(draft({ effectiveFrom: date }, true, { aliases: [alias] }))).toMatch(
      /gpt-realtime input_text from .* cannot be meant[^]*alias voice from .* cannot be meant/,
    );
  });

  it('moves no alias in the past unless it is a correction', async () => {
    const alias = { alias: 'voice', model: 'gpt-realtime', source: 'test' };
    const from = (date: string) => ({ aliases: [{ ...alias, effectiveFrom: Date.parse(date) }] });
    expect(await problems(draft({}, false, from('2026-11-01')))).toMatch(/alias voice from 2026-11-01.*past/);
    expect(await draft({}, false, from('2026-12-01'))).toMatchObject({ ok: true });
    await approve(await drafted({}, true, from('2026-11-01')));
    const book = (await loadPriceBook(db)).books.listOf('openai');
    expect(book.lookup('voice', 'input_text', Date.parse('2026-11-02'))).not.toBeNull();
    // What is stored is harmless when it is said again.
    expect(await draft({ effectiveFrom: '2026-12-05' }, false, from('2026-11-01'))).toMatchObject({ ok: true });
  });

  it('may not take the place of a stored price unless it is a correction; then both are kept', async () => {
    const same = { effectiveFrom: '2025-08-28' };
    expect(await problems(draft(same))).toContain('is 4 per 1M tokens and cannot become 5 per 1M tokens');
    await approve(await drafted(same, true));
    expect(await priceAt('2025-09-01')).toBe('5');
    expect(await db.priceVersion.count()).toBe(2);
    // The list with the old price, imported again at the next start, changes nothing.
    expect(await importPrices(db, { versions: priceVersions(priceRow()), aliases: [] })).toMatchObject({
      value: { versionsAdded: 0, versionsKept: 1 },
    });
    expect(await priceAt('2025-09-01')).toBe('5');
  });

  it('is refused at its approval when another one has taken its place meanwhile', async () => {
    const first = await drafted();
    const second = await drafted({ price: '6' });
    await approve(first);
    expect(await problems(approve(second))).toContain('cannot become 6 per 1M tokens');
  });

  it('is refused with both rows named where it overlaps', async () => {
    await approve(await drafted({ effectiveTo: '2027-03-01' }));
    expect(await problems(draft({ effectiveFrom: '2027-01-01', price: '6' }))).toMatch(
      /from 2026-12-01.* overlaps .*from 2027-01-01/,
    );
  });

  it('is refused when nothing would change', async () => {
    expect(await problems(draft({ price: '4', effectiveFrom: '2025-08-28' }))).toContain('nothing would change');
  });

  it('brings markups, uplifts and prices of tenants in force as well', async () => {
    const effectiveFrom = Date.parse('2026-12-01');
    const plans = [{ tenantId: ACME, effectiveFrom, revision: 0, markupBps: 1_000 }];
    const scope = `pool:${POOL}` as const;
    const uplifts = [{ scope, name: 'data-residency', effectiveFrom, revision: 0, upliftBps: 1_000, models: [] }];
    await importPrices(db, { versions: priceVersions(priceRow({ meter: 'output_text', price: '16' })), aliases: [] });
    const own = { book: `tenant:${ACME}`, meter: 'output_text' };
    await approve(await drafted(own, false, { plans, uplifts }));
    const { books } = await loadPriceBook(db);
    const { provider_cost: cost, tenant_charge: charge } = books.booksFor({
      tenantId: ACME,
      poolId: POOL,
      vendor: 'openai',
    });
    const at = Date.parse('2026-12-02');
    expect(formatAmount(cost.lookup('gpt-realtime', 'input_text', at)?.price ?? ZERO)).toBe('4.4');
    expect(formatAmount(charge.lookup('gpt-realtime', 'input_text', at)?.price ?? ZERO)).toBe('4.84');
    expect(formatAmount(charge.lookup('gpt-realtime', 'output_text', at)?.price ?? ZERO)).toBe('5');
  });
});

describe('the database', () => {
  const INSERT = `INSERT INTO price_version (id, provider, model, meter, unit, price, per, effective_from, currency,
    service_tier, source, confidence, change_id) SELECT 'pv_x', 'openai', 'm', 'input_text', 'tokens', 1, 1000000, now(),
    'USD', 'default', 's', 'high', `;

  it('takes no price without a change, nor of one that nobody approved or somebody rejected', async () => {
    const id = await drafted();
    const insert = (changeId: string) => db.$executeRaw`${Prisma.raw(`${INSERT}${changeId}`)}`;
    await expect(insert('NULL')).rejects.toThrow(/needs an approved price change/);
    await expect(insert(`'${id}'`)).rejects.toThrow(/needs an approved price change/);
    await rejectPrices(context, id, { actor: 'bob', reason: 'no' });
    await expect(insert(`'${id}'`)).rejects.toThrow(/needs an approved price change/);
  });

  it.each(['ann', ' Ann'])('takes no approval by the author as "%s", whoever writes it', async (actor) => {
    const id = await drafted();
    await expect(
      db.$executeRaw`INSERT INTO price_change_decision (change_id, outcome, actor) VALUES (${id}, 'approved', ${actor})`,
    ).rejects.toThrow(/cannot approve it as well/);
  });

  it.each(['price_change', 'price_change_decision', 'price_plan', 'price_uplift'])(
    'keeps %s as it is',
    async (table) => {
      const plans = [{ tenantId: ACME, effectiveFrom: NOW + 1, revision: 0, markupBps: 1 }];
      const uplifts = [
        { scope: `pool:${POOL}` as const, name: 'x', effectiveFrom: NOW + 1, revision: 0, upliftBps: 1, models: [] },
      ];
      await approve(await drafted({}, false, { plans, uplifts }));
      await expect(db.$executeRaw`${Prisma.raw(`DELETE FROM ${table}`)}`).rejects.toThrow(/append-only/);
      await expect(db.$executeRaw`${Prisma.raw(`TRUNCATE ${table} CASCADE`)}`).rejects.toThrow(/append-only/);
    },
  );
});
