import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { mintId, parseAmount, ZERO } from '@trunkline/kernel';
import { recordPeriodCheck } from '@trunkline/ledger/adapters/prisma';
import { openLog } from '@trunkline/platform/logging';
import type { VendorBooks } from '@trunkline/reporting';
import { findSources, listRuns, reconcilePool, setSource } from '@trunkline/reporting/adapters/prisma';
import { Metrics } from '@trunkline/telemetry/adapters/prom';
import { makeDueRuns, recordMonthAs, type ReconcileParts } from './reconcile-jobs.js';
import { reportLastReconciled } from './watch-periods.js';

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
  const pool = { id: mintId('pool', 1, (n) => new Uint8Array(n)), slug: 'main', vendor: 'openai', models: [] };
  await postgres.db.pool.create({ data: pool });
}, 60_000);
afterAll(() => postgres.stop());

const DAY_MS = 86_400_000;
const NOW = Date.parse('2026-11-22T06:00:00Z');
const EMPTY: VendorBooks = { usage: async () => [], costs: async () => [] };

function parts(
  over: Partial<ReconcileParts> & { readonly lines?: string[] } = {},
): ReconcileParts & { metrics: Metrics } {
  const metrics = new Metrics();
  const log = openLog('info', { write: (line: string) => void over.lines?.push(line) });
  const settings = { adminKey: 'sk-admin', baseUrl: 'http://vendor.invalid/v1', open: () => null };
  return { db: postgres.db, log, metrics, nowMs: () => NOW, settings, booksOf: () => EMPTY, ...over };
}
const run = (with_: ReconcileParts) => makeDueRuns(with_, new AbortController().signal);

describe('the daily reconciliation', () => {
  it('does nothing without an admin key', async () => {
    await run(parts({ settings: { adminKey: null, baseUrl: 'http://vendor.invalid/v1', open: () => null } }));
    expect(await listRuns(postgres.db, 100)).toEqual([]);
  });

  it('tries a day again that could not be read, and makes each run once', async () => {
    const away: VendorBooks = { ...EMPTY, usage: () => Promise.reject(new Error('away')) };
    await expect(run(parts({ booksOf: () => away }))).rejects.toThrow('13 runs');
    await run(parts());
    await run(parts());
    const made = await listRuns(postgres.db, 100);
    expect(made.map(({ day, stage }) => `${day} ${stage}`).sort()).toEqual(
      [9, 10, 11, 12, 13, 14, 15]
        .map((day) => `2026-11-${String(day).padStart(2, '0')} final`)
        .concat(['16', '17', '18', '19'].map((day) => `2026-11-${day} settling`))
        .concat(['20', '21'].map((day) => `2026-11-${day} provisional`)),
    );
  });

  it('makes the run of the next stage when its day has come, and is loud about foreign use', async () => {
    const lines: string[] = [];
    const use = { hourMs: Date.parse('2026-11-22T10:00:00Z'), keyId: 'key_x', model: 'm', meter: 'output_audio' };
    const books: VendorBooks = {
      usage: async ({ fromMs, toMs }) =>
        use.hourMs >= fromMs && use.hourMs < toMs ? [{ ...use, quantityMicro: 5_000_000n }] : [],
      costs: async ({ fromMs }) => [
        {
          dayMs: fromMs,
          keyId: 'key_x',
          lineItem: 'm, audio_output_tokens',
          of: null,
          amount: parseAmount('0') ?? ZERO,
        },
      ],
    };
    const next = parts({ nowMs: () => NOW + 86_400_000, booksOf: () => books, lines });
    await run(next);
    const newest = await listRuns(postgres.db, 3);
    expect(newest.map(({ day, stage, alarming }) => [day, stage, alarming]).sort()).toEqual([
      ['2026-11-16', 'final', false],
      ['2026-11-20', 'settling', false],
      ['2026-11-22', 'provisional', true],
    ]);
    expect(lines.filter((line) => line.includes('"event":"foreign_use"'))).toHaveLength(1);
    expect(await next.metrics.scrape()).toContain('trunkline_foreign_use_total 1');
  });

  it('keeps its runs for good', async () => {
    const changed = postgres.db.$executeRaw`UPDATE reconciliation_run SET alarming = false`;
    await expect(changed).rejects.toThrow('append-only');
  });

  it('tells the close of a month that all its days agree, and takes it back when one no longer does', async () => {
    const newest = async (period: string) => {
      const where = { period, checkName: 'reconciled' };
      return (await postgres.db.periodCheck.findFirst({ where, orderBy: { id: 'desc' } }))?.state ?? null;
    };
    for (let day = 2; day <= 47; day++) await run(parts({ nowMs: () => NOW + day * 86_400_000 }));
    expect(await newest('2026-12')).toBe('ok');
    // Its first days were over before anybody compared them.
    expect(await newest('2026-11')).toBeNull();

    const [found] = (await findSources(postgres.db, parts().settings)).sources;
    if (found === undefined) throw new Error('no source');
    const source = { ...found, apiKeyIds: ['key_ours'] };
    const foreign = (keyId: string, tokens: bigint): VendorBooks => ({
      usage: async ({ fromMs }) => [
        { hourMs: fromMs + DAY_MS, keyId, model: 'm', meter: 'output_audio', quantityMicro: tokens * 1_000_000n },
      ],
      costs: async ({ fromMs }) => [{ ...charge, dayMs: fromMs }],
    });
    const charge = { keyId: null, lineItem: 'a fine', of: null, amount: parseAmount('5') ?? ZERO };
    const context = {
      ...{ db: postgres.db, nowMs: NOW + 50 * DAY_MS, recordMonth: recordMonthAs('reconciliation') },
      sources: [source],
      prices: { priced: (model: string) => model, worth: () => null },
      booksOf: (): VendorBooks => ({ ...EMPTY, costs: async ({ fromMs }) => [{ ...charge, dayMs: fromMs }] }),
    };
    const fined = async (day: string, later: number) => {
      const at = { ...context, nowMs: context.nowMs + later };
      const made = await reconcilePool(at, source, { dayMs: Date.parse(day), trigger: 'manual', actor: 'ann' });
      if (made === null) throw new Error('no run');
      return newest('2026-12');
    };
    expect(await fined('2026-12-05', 1)).toBe('missing');

    // What somebody answers for is what they knew: the same again changes nothing, another day does.
    const waiver = { tenantId: null, period: '2026-12', check: 'reconciled', state: 'waived' } as const;
    await recordPeriodCheck(postgres.db, { ...waiver, actor: 'ann', reason: 'the fine is known' });
    expect(await fined('2026-12-05', 2)).toBe('waived');
    expect(await fined('2026-12-06', 3)).toBe('missing');

    // The same money, and a key of which nothing is ours: a sum that does not grow hides nothing.
    await recordPeriodCheck(postgres.db, { ...waiver, actor: 'ann', reason: 'both fines are known' });
    context.booksOf = () => foreign('key_a', 5n);
    expect(await fined('2026-12-06', 4)).toBe('missing');
    await recordPeriodCheck(postgres.db, { ...waiver, actor: 'ann', reason: 'so is the key' });
    context.booksOf = () => foreign('key_a', 3n);
    expect(await fined('2026-12-06', 5)).toBe('waived');
    context.booksOf = () => foreign('key_b', 2n);
    expect(await fined('2026-12-06', 6)).toBe('missing');

    // A run that was asked for before the newest, and is stored after it, is no news.
    await recordPeriodCheck(postgres.db, { ...waiver, actor: 'ann', reason: 'and that one' });
    context.booksOf = () => foreign('key_c', 9n);
    expect(await fined('2026-12-06', 0)).toBe('waived');
  }, 60_000);

  it('keeps no final run without what its month came to, and makes it again', async () => {
    const [source] = (await findSources(postgres.db, parts().settings)).sources;
    if (source === undefined) throw new Error('no source');
    const context = {
      ...{ db: postgres.db, nowMs: NOW + 90 * DAY_MS, sources: [source], booksOf: () => EMPTY },
      prices: { priced: (model: string) => model, worth: () => null },
    };
    const last = { dayMs: Date.parse('2027-01-31'), trigger: 'schedule', actor: 'worker' } as const;
    for (let day = 1; day <= 30; day++) {
      const dayMs = Date.parse(`2027-01-${String(day).padStart(2, '0')}`);
      await reconcilePool({ ...context, recordMonth: async () => undefined }, source, { ...last, dayMs });
    }
    const dies = { ...context, recordMonth: () => Promise.reject(new Error('killed')) };
    await expect(reconcilePool(dies, source, last)).rejects.toThrow('killed');
    expect(await reconcilePool({ ...context, recordMonth: recordMonthAs('worker') }, source, last)).not.toBeNull();
    const where = { period: '2027-01', checkName: 'reconciled' };
    expect(await postgres.db.periodCheck.findMany({ where })).toMatchObject([{ state: 'ok' }]);
  });

  it('says when each pool was compared whose books can be read, and nothing of the others', async () => {
    const told = async (adminKey: string | null = 'sk-admin'): Promise<Record<string, number>> => {
      const metrics = new Metrics();
      await reportLastReconciled(postgres.db, metrics, { ...parts().settings, adminKey });
      const series = (await metrics.scrape()).matchAll(
        /^trunkline_reconcile_last_timestamp_seconds\{pool="(.*)"\} (.*)$/gm,
      );
      return Object.fromEntries([...series].map(([, pool = '', seconds]) => [pool, Number(seconds)]));
    };
    const { main = 0 } = await told();
    expect(main).toBeGreaterThan(NOW / 1000);
    expect(await told(null)).toEqual({});
    const id = mintId('pool', 2, (n) => new Uint8Array(n));
    await postgres.db.pool.create({ data: { id, slug: 'other', vendor: 'openai', models: [] } });
    expect(await told()).toEqual({});
    const mainId = mintId('pool', 1, (n) => new Uint8Array(n));
    for (const [pool, key] of [
      [mainId, 'key_a'],
      [id, 'key_b'],
    ] as const)
      await setSource(postgres.db, pool, { apiKeyIds: [key] });
    expect(await told()).toEqual({ main });
    const run_ = { stage: 'final', trigger: 'manual', actor: 'ann', compared: 0, equal: 0, unbooked: 0 };
    const none = { oursCost: 0, unexplained: 0, alarming: false, day: new Date('2026-11-01') };
    const ranAt = new Date(NOW - 86_400_000);
    await postgres.db.reconciliationRun.create({ data: { id: 'rec_other', poolId: id, ranAt, ...run_, ...none } });
    expect(await told()).toEqual({ main, other: ranAt.getTime() / 1000 });
    // Of a pool that is gone there is nothing to compare.
    await postgres.db.pool.delete({ where: { id } });
    expect(await told()).toEqual({ main });
  });
});
