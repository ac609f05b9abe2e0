import { jest } from '@jest/globals';
import { randomBytes } from 'node:crypto';
import { formatAmount, mintId, parseAmount, trustedId, ZERO } from '@trunkline/kernel';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import type { BudgetNotice, SessionSpend } from '../../index.js';
import { NOTICE_DAYS_KEPT } from './budget-notices.js';
import {
  listBudgetNotices,
  listSessionBudgetNotices,
  noteBudgets,
  noteSessionBudgets,
  sweepBudgetNotices,
} from './index.js';

jest.setTimeout(60_000);

let postgres: TestPostgres;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
afterAll(() => postgres.stop());

const NOON_MS = Date.parse('2026-11-22T12:00:00Z');
const LONG_AGO = new Date('2026-01-01T00:00:00Z');
const ids = ['one', 'two', 'three', 'four', 'five', 'six'].map((name) => trustedId('tnt', `tnt_${name}`));
type Id = (typeof ids)[0];
const [ONE, TWO, THREE, FOUR, FIVE, SIX] = ids as [Id, Id, Id, Id, Id, Id];

const tenant = (id: string, limits: Partial<Record<'spendDayMax' | 'spendMonthMax' | 'spendSessionMax', string>>) =>
  postgres.db.tenant.create({
    data: { id, slug: id.replace('_', '-'), name: id, status: 'active', updatedAt: LONG_AGO, ...limits },
  });
const spend = (id: string, hour: string, amount: string) =>
  postgres.db
    .$executeRaw`INSERT INTO tenant_spend VALUES (${id}, ${`${hour}:00:00Z`}::timestamptz, ${amount}::numeric)`;
const shown = (notices: readonly BudgetNotice[]) =>
  notices
    .map(({ period, periodStartMs, percent, limit, spent }) => {
      const since = new Date(periodStartMs).toISOString().slice(0, 10);
      return `${period} ${since} ${percent} % of ${formatAmount(limit)}: ${formatAmount(spent)}`;
    })
    .sort();

describe('that a budget is used so far', () => {
  it('is found once for each limit and period, whoever looks how often, and found again for another limit', async () => {
    const { db } = postgres;
    await tenant(ONE, { spendDayMax: '1', spendMonthMax: '10' });
    await spend(ONE, '2026-11-03T08', '4.2');
    await spend(ONE, '2026-11-22T09', '0.799');
    const looks = await Promise.all([noteBudgets(db, NOON_MS), noteBudgets(db, NOON_MS)]);
    expect(shown(looks.flat())).toEqual(['day 2026-11-22 50 % of 1: 0.799']);
    await spend(ONE, '2026-11-22T11', '0.201');
    expect(shown(await noteBudgets(db, NOON_MS))).toEqual([
      'day 2026-11-22 100 % of 1: 1',
      'day 2026-11-22 80 % of 1: 1',
      'month 2026-11-01 50 % of 10: 5.2',
    ]);
    expect(await noteBudgets(db, NOON_MS)).toEqual([]);
    await db.tenant.update({ where: { id: ONE }, data: { spendDayMax: '2', updatedAt: new Date(NOON_MS) } });
    expect(shown(await noteBudgets(db, NOON_MS))).toEqual(['day 2026-11-22 50 % of 2: 1']);
  });

  it('is found of the day before, which may be rated late, unless the limits are newer', async () => {
    const { db } = postgres;
    await tenant(TWO, { spendDayMax: '1', spendMonthMax: '1' });
    await tenant(THREE, { spendDayMax: '1' });
    await db.tenant.update({ where: { id: THREE }, data: { updatedAt: new Date('2026-12-01T00:00:01Z') } });
    for (const id of [TWO, THREE]) {
      await spend(id, '2026-11-30T23', '0.5');
      await spend(id, '2026-12-01T00', '0.1');
    }
    const found = await noteBudgets(db, Date.parse('2026-12-01T00:05:00Z'));
    expect(found.map(({ tenantId }) => tenantId)).toEqual([TWO, TWO]);
    expect(shown(found)).toEqual(['day 2026-11-30 50 % of 1: 0.5', 'month 2026-11-01 50 % of 1: 0.5']);
  });

  it('is read newest first, of one tenant or of all, and a tenant without limits has none', async () => {
    const { db } = postgres;
    await tenant(FOUR, {});
    await spend(FOUR, '2026-11-22T09', '100');
    expect(await noteBudgets(db, NOON_MS)).toEqual([]);
    const all = await listBudgetNotices(db, null, 100);
    expect([...new Set(all.map(({ tenantId }) => tenantId))]).toEqual([TWO, ONE]);
    expect(await listBudgetNotices(db, [ONE], 1)).toHaveLength(1);
    expect(await listBudgetNotices(db, [FOUR], 100)).toEqual([]);
    expect(await listBudgetNotices(db, [], 100)).toEqual([]);
  });
});

describe("that a session's own limit is used so far", () => {
  const DAY_MS = 86_400_000;
  const BEGAN_MS = NOON_MS - 600_000;
  const keyId = trustedId('key', 'key_k');
  const [first, second] = [mintId('ses', BEGAN_MS, randomBytes), mintId('ses', BEGAN_MS, randomBytes)];
  const cost = (tenantId: Id, sessionId: SessionSpend['sessionId'], amount: string): SessionSpend => {
    return { tenantId, sessionId, keyId, amount: parseAmount(amount) ?? ZERO };
  };
  const asked: unknown[] = [];
  const look = (...spends: SessionSpend[]) =>
    noteSessionBudgets(postgres.db, {
      ...{ nowMs: NOON_MS, sinceMs: BEGAN_MS },
      spends: async (tenantIds, sinceMs) => {
        asked.push(tenantIds, sinceMs);
        return spends;
      },
    });

  it('is found once for each session, limit and percentage, with the session and its key', async () => {
    await tenant(FIVE, { spendSessionMax: '1' });
    const [notice, ...none] = await look(cost(FIVE, first, '0.6'), cost(FIVE, second, '0.4'));
    expect(none).toEqual([]);
    expect(notice).toMatchObject({
      tenantId: FIVE,
      session: { sessionId: first, keyId },
      period: 'session',
      percent: 50,
    });
    expect(notice?.periodStartMs).toBe(BEGAN_MS);
    // Only tenants that limit their sessions are asked about.
    expect(asked).toEqual([[FIVE], BEGAN_MS]);
    const again = await look(cost(FIVE, first, '1.2'), cost(FIVE, second, '0.5'));
    expect(again.map(({ session, percent }) => `${session?.sessionId} ${percent}`).sort()).toEqual(
      [`${first} 100`, `${first} 80`, `${second} 50`].sort(),
    );
    expect(await look(cost(FIVE, first, '1.2'), cost(FIVE, second, '0.5'))).toEqual([]);
  });

  it('is read beside the notices of days and months and not among them', async () => {
    const read = await listSessionBudgetNotices(postgres.db, [FIVE], 100);
    expect(read.map(({ percent }) => percent)).toEqual([100, 80, 50, 50]);
    expect(await listBudgetNotices(postgres.db, [FIVE], 100)).toEqual([]);
    expect(await listSessionBudgetNotices(postgres.db, [ONE], 100)).toEqual([]);
  });

  it('and all other notices are kept for five weeks', async () => {
    await tenant(SIX, { spendDayMax: '1' });
    await spend(SIX, '2026-11-22T09', '0.5');
    await noteBudgets(postgres.db, NOON_MS + 1);
    const nowMs = NOON_MS + 1 + NOTICE_DAYS_KEPT * DAY_MS;
    const ofBefore = await postgres.db.budgetNotice.count({ where: { noticedAt: { lt: new Date(NOON_MS + 1) } } });
    expect(await sweepBudgetNotices(postgres.db, { nowMs, max: 1 })).toBe(1);
    expect(await sweepBudgetNotices(postgres.db, { nowMs, max: 1_000 })).toBe(ofBefore - 1);
    expect(await listBudgetNotices(postgres.db, [SIX], 100)).toHaveLength(1);
    expect(await listSessionBudgetNotices(postgres.db, [FIVE], 100)).toEqual([]);
  });
});
