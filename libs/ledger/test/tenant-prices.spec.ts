// What a tenant pays differs from what the vendor asks: each charge line still names one stored price that explains it.
import { jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { parseAmount } from '@trunkline/kernel';
import { NO_PRICES } from '@trunkline/rating';
import { approvePrices, draftPrices, priceBookRevision } from '@trunkline/rating/adapters/prisma';
import { z } from 'zod';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { importRows, journal, OTHER_TENANT, storedPrices, TENANT, usage, VOICE_PRICES } from './usage.js';
import { balancesOfTenant, postBatch } from '@trunkline/ledger/adapters/prisma';

// A real server on a machine that may be busy with other tests.
jest.setTimeout(60_000);

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
  const { db } = postgres;
  await importRows(db, VOICE_PRICES);
  const effectiveFrom = Date.parse('2026-11-01');
  const plans = [{ tenantId: TENANT, effectiveFrom, revision: 0, markupBps: 1_250 }];
  const context = { db, clock: { nowMs: () => effectiveFrom }, randomBytes };
  const content = { ...NO_PRICES, plans };
  const draft = await draftPrices(context, { content, author: 'ann', reason: 'contract', correction: false });
  if (!draft.ok) throw new Error(draft.error.join('\n'));
  const approval = { actor: 'bob', reason: null, singlePerson: false };
  const approved = await approvePrices(context, draft.value.change.id, approval);
  if (!approved.ok) throw new Error(approved.error.join('\n'));
});
afterAll(() => postgres.stop());

const lines = z.array(z.object({ off: z.string(), lines: z.number() }));

describe('a tenant with a markup', () => {
  it('is charged it, beside the vendor’s cost, while its neighbour is not', async () => {
    const { db } = postgres;
    await journal(db, usage(), usage({ tenantId: OTHER_TENANT }));
    expect(await postBatch(db, await storedPrices(db))).toMatchObject({ rated: 2 });
    // 1,000 x 4 + 100 x 64 = 10,400 per million; with 12.5 %: 1,000 x 4.5 + 100 x 72 = 11,700.
    const mine = await balancesOfTenant(db, TENANT);
    expect(mine).toMatchObject({ receivable: parseAmount('0.0117'), cost_of_sales: parseAmount('0.0104') });
    const others = await balancesOfTenant(db, OTHER_TENANT);
    expect(others).toMatchObject({ receivable: parseAmount('0.0104'), cost_of_sales: parseAmount('0.0104') });
  });

  it('has lines that each are quantity x price / per of the one price they name, exactly', async () => {
    const rows = await postgres.db.$queryRaw`
      SELECT coalesce(sum(abs(l.amount - l.quantity * p.price / p.per)), 0)::text AS off, count(*)::int AS lines
        FROM charge_line l JOIN price_version p ON p.id = l.price_version_id`;
    const [sum] = lines.parse(rows);
    expect([Number(sum?.off), sum?.lines]).toEqual([0, 8]);
    const derived = await postgres.db.priceVersion.findMany({ where: { derivedFrom: { not: null } } });
    expect(derived.map(({ book, source }) => [book, source.replace(/pv_\w+/, 'pv')])).toEqual([
      [`tenant:${TENANT}`, 'markup 12.5 % over pv'],
      [`tenant:${TENANT}`, 'markup 12.5 % over pv'],
    ]);
  });

  it('makes each such price once, also when several post at once, and no process reads its prices anew for it', async () => {
    const { db } = postgres;
    const revision = await priceBookRevision(db);
    await journal(db, ...Array.from({ length: 30 }, () => usage()));
    const prices = await storedPrices(db);
    await Promise.all([1, 2, 3].map(() => postBatch(db, prices, { batchMax: 10 })));
    expect(await db.priceVersion.count({ where: { derivedFrom: { not: null } } })).toBe(2);
    expect(await priceBookRevision(db)).toBe(revision);
  });
});
