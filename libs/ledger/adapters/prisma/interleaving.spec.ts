// Posting, closing and correcting at the same time, in any order, over a real PostgreSQL: what is closed never changes.
import { jest } from '@jest/globals';
import fc from 'fast-check';
import { eventually } from '../../../../test/support/poll.js';
import { addAmounts, parseAmount, ZERO } from '@trunkline/kernel';
import type { Database } from '@trunkline/platform/database';
import { ALICE, amount, closeMonth, startLedgerBed, verified, type LedgerBed } from '../../test/bed.js';
import { importRows, journal, OTHER_TENANT, ratingStates, TENANT, usage, VOICE_PRICES } from '../../test/usage.js';
import {
  bookByHand,
  listPeriods,
  listTransactions,
  periodTotals,
  postBatch,
  rerate,
  reverseTransaction,
  type PostingPrices,
} from './index.js';

// A real server on a machine that may be busy with other tests.
jest.setTimeout(240_000);

let bed: LedgerBed;
beforeAll(async () => {
  bed = await startLedgerBed();
});
afterAll(() => bed.stop());

const MONTHS = ['2026-07', '2026-08', '2026-09'] as const;
const TENANTS = [TENANT, OTHER_TENANT] as const;

type Act =
  | { readonly act: 'use' | 'post' }
  | { readonly act: 'close'; readonly month: number; readonly who: number }
  | { readonly act: 'reverse' | 'credit' | 'rerate'; readonly n: number };

const acts: fc.Arbitrary<Act> = fc.oneof(
  fc.record({ act: fc.constantFrom('use' as const, 'post' as const) }),
  fc.record({ act: fc.constant('close' as const), month: fc.nat(2), who: fc.nat(1) }),
  fc.record({ act: fc.constantFrom('reverse' as const, 'credit' as const, 'rerate' as const), n: fc.nat(20) }),
);

async function take(db: Database, prices: PostingPrices, act: Act): Promise<void> {
  switch (act.act) {
    case 'use':
      return journal(
        db,
        ...MONTHS.flatMap((month) => TENANTS.map((tenantId) => usage({ tenantId, at: `${month}-15T00:00:00Z` }))),
      );
    case 'post':
      return void (await postBatch(db, prices, { batchMax: 5 }));
    case 'close':
      return void (await closeMonth(db, MONTHS[act.month] ?? '2026-07', TENANTS[act.who]));
    case 'credit': {
      const about = MONTHS[act.n % 3] ?? null;
      const request = { kind: 'credit', tenantId: TENANT, amount: amount('1'), because: ALICE } as const;
      return void (await bookByHand(db, { ...request, usagePeriod: about, reference: `${act.n}` }));
    }
    case 'reverse': {
      const heads = await listTransactions(db, { tenantId: null, period: null, kind: null, limit: 21 });
      return void (await reverseTransaction(db, heads[act.n % Math.max(1, heads.length)]?.id ?? 'none', ALICE));
    }
    case 'rerate': {
      const price = { ...VOICE_PRICES[0], price: `${act.n + 5}`, effectiveFrom: `2026-07-${10 + (act.n % 5)}` };
      const corrected = await importRows(db, [price]).catch(() => prices);
      const range = { fromMs: Date.parse('2026-07-01'), toMs: Date.parse('2026-10-01') };
      const pages = rerate(db, { ...range, prices: corrected, because: ALICE, dryRun: false });
      if (pages.ok) for await (const page of pages.value) void page;
    }
  }
}

/** Every closed month as it was sealed, and as its rows sum up now. */
async function closedMonths(db: Database) {
  const closed = (await listPeriods(db)).filter(({ status }) => status === 'closed');
  return Promise.all(closed.map(async (month) => ({ month, now: await periodTotals(db, month) })));
}

const RUNS = Number(process.env['LEDGER_RUNS'] ?? 3);

test('whatever is posted, closed and corrected at the same time, closed months stay and all books balance', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(acts, { minLength: 6, maxLength: 24 }), async (history) => {
      const db = await bed.open();
      const hands = [db, await bed.open('again'), await bed.open('again')];
      const prices = await importRows(db, VOICE_PRICES);
      await take(db, prices, { act: 'use' });
      const sealed = new Map<string, unknown>();
      const look = async (): Promise<void> => {
        for (const { month, now } of await closedMonths(db)) {
          const key = `${month.tenantId} ${month.period}`;
          expect(now).toEqual(month.totals);
          expect(month).toEqual(sealed.get(key) ?? month);
          sealed.set(key, month);
        }
      };
      for (let at = 0; at < history.length; at += hands.length) {
        const together = history.slice(at, at + hands.length);
        await Promise.all(together.map((act, i) => take(hands[i] ?? db, prices, act)));
        await look();
      }
      while ((await postBatch(db, prices)).claimed > 0);
      for (const month of MONTHS)
        for (const tenantId of TENANTS) expect(await closeMonth(db, month, tenantId)).toMatchObject({ ok: true });
      await look();
      expect(sealed.size).toBe(MONTHS.length * TENANTS.length);
      for (const act of ['use', 'post'] as const) await take(db, prices, { act });
      for (const act of ['rerate', 'reverse', 'credit'] as const) await take(db, prices, { act, n: 3 });
      await look();
      while ((await postBatch(db, prices)).claimed > 0);
      expect(Object.keys(await ratingStates(db))).toEqual(['rated']);
      expect((await verified(db)).filter(({ broken }) => broken !== null)).toEqual([]);
      const entries = await db.ledgerEntry.findMany();
      expect(addAmounts(...entries.map((each) => parseAmount(each.amount.toFixed()) ?? ZERO))).toBe(ZERO);
      await Promise.all(hands.map((each) => each.$disconnect()));
    }),
    { numRuns: RUNS, endOnFailure: true },
  );
});

test('a month is not closed behind the first booking of an earlier one: whoever comes second waits and sees it', async () => {
  const db = await bed.open();
  const opener = await bed.open('again');
  const booked = { kind: 'credit', tenantId: TENANT, amount: amount('1'), because: ALICE } as const;
  await bookByHand(db, { ...booked, usagePeriod: MONTHS[1], reference: 'of August' });
  const [opened, released] = [signal(), signal()];
  // What the first booking of a month does, held before its commit.
  const opening = opener.$transaction(async (tx) => {
    await tx.$executeRaw`INSERT INTO accounting_period (tenant_id, period) VALUES (${TENANT}, ${MONTHS[0]})`;
    opened.give();
    await released.given;
  });
  await opened.given;
  let settled = false;
  const closing = closeMonth(db, MONTHS[1]).finally(() => (settled = true));
  await eventually('the close waits', async () => {
    const waiting = await opener.$queryRaw<object[]>`
      SELECT pid FROM pg_locks WHERE locktype = 'advisory' AND classid = 7263404 AND NOT granted`;
    return settled || waiting.length > 0 ? true : null;
  });
  expect(settled).toBe(false);
  released.give();
  await opening;
  expect(await closing).toMatchObject({ ok: false, error: { message: expect.stringContaining(`${MONTHS[0]}`) } });
  expect(await closeMonth(db, MONTHS[0])).toMatchObject({ ok: true });
  expect(await closeMonth(db, MONTHS[1])).toMatchObject({ ok: true });
});

test('posting and closing at the same time: each event is in the month before it closed, or in the next open one', async () => {
  const db = await bed.open();
  const prices = await importRows(db, VOICE_PRICES);
  const at = `${MONTHS[2]}-20T00:00:00Z`;
  await journal(db, usage({ at }));
  await postBatch(db, prices);
  const workers = await Promise.all([bed.open('again'), bed.open('again')]);
  const posting = workers.map(async (worker) => {
    for (let round = 0; round < 15; round++) {
      await journal(worker, ...Array.from({ length: 4 }, () => usage({ at })));
      await postBatch(worker, prices, { batchMax: 3 });
    }
  });
  // Pending usage keeps a close waiting: it is asked for until it is let through.
  const closing = (async () => {
    for (;;) {
      const outcome = await closeMonth(db, MONTHS[2]);
      if (outcome.ok) return outcome.value;
    }
  })();
  await Promise.all(posting);
  while ((await postBatch(db, prices)).claimed > 0);
  const closed = await closing;
  expect(await periodTotals(db, { tenantId: TENANT, period: MONTHS[2] })).toEqual(closed.totals);
  expect(await db.ledgerTransaction.count()).toBe(2 * (1 + 2 * 15 * 4));
  expect((await verified(db)).every(({ broken }) => broken === null)).toBe(true);
});

/** Something that one waits for and another gives. */
function signal(): { readonly give: () => void; readonly given: Promise<void> } {
  let give = (): void => undefined;
  const given = new Promise<void>((resolve) => {
    give = resolve;
  });
  return { give: () => give(), given };
}
