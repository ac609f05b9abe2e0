import { jest } from '@jest/globals';
import { isSamePerson, type TenantId } from '@trunkline/kernel';
import { Prisma, type Database } from '@trunkline/platform/database';
import { eventually } from '../../../../test/support/poll.js';
import { ALICE, amount, closeMonth, startLedgerBed, verified, type LedgerBed } from '../../test/bed.js';
import {
  importRows,
  journal,
  journalAt,
  OTHER_TENANT,
  ratingStates,
  TENANT,
  usage,
  VOICE_PRICES,
} from '../../test/usage.js';
import {
  balanceOfTenant,
  bookByHand,
  checklistOfPeriod,
  closePeriod,
  countRefusedCloses,
  loadCompany,
  overduePeriods,
  periodOfTenant,
  postBatch,
  recordPeriodCheck,
  releaseUsage,
  softClosePeriod,
  stuckUsageOfTenant,
  updateCompany,
  waiveCheck,
  type PostingPrices,
} from './index.js';

// A real server on a machine that may be busy with other tests.
jest.setTimeout(60_000);

let bed: LedgerBed;
let db: Database;
let prices: PostingPrices;
beforeAll(async () => {
  bed = await startLedgerBed();
});
beforeEach(async () => {
  db = await bed.open();
  prices = await importRows(db, VOICE_PRICES);
});
afterAll(() => bed.stop());

// Months that are over whenever this runs.
const PERIOD = '2026-09';
const IN = { at: '2026-09-10T00:00:00Z' };
const of = (tenantId: TenantId = TENANT) => ({ tenantId, period: PERIOD }) as const;
const book = async (...events: Parameters<typeof usage>[0][]): Promise<void> => {
  await journal(db, ...events.map((each) => usage(each)));
  while ((await postBatch(db, prices)).more);
};
const places = async (): Promise<unknown[]> => {
  const rows = await db.ledgerTransaction.findMany({ orderBy: [{ period: 'asc' }, { chainSequence: 'asc' }] });
  return rows
    .filter(({ purpose }) => purpose === 'tenant_charge')
    .map(({ period, usagePeriod }) => [period, usagePeriod]);
};
const missing = async (): Promise<string[]> =>
  (await checklistOfPeriod(db, of())).filter(({ state }) => state === 'missing').map(({ check }) => check);
const message = (outcome: { readonly ok: boolean; readonly error?: { readonly message: string } }): string =>
  outcome.error?.message ?? 'done';

describe('a month', () => {
  it('goes from open to soft-closed to closed, with its head, totals and checklist', async () => {
    await book(IN, IN);
    expect(await periodOfTenant(db, TENANT, PERIOD)).toMatchObject({ status: 'open' });
    expect(await softClosePeriod(db, { ...of(), actor: 'alice' })).toMatchObject({ value: { status: 'soft_closed' } });
    const closed = await closeMonth(db, PERIOD);
    const [chain] = await verified(db);
    expect(closed).toMatchObject({
      value: {
        ...{ status: 'closed', closedBy: 'alice', approvedBy: 'bob', singlePerson: false },
        ...{ chainSequence: 4n, chainHead: chain?.head.hash },
        totals: {
          transactions: 4,
          booked: { 'provider_cost/usage': '0.0208', 'tenant_charge/usage': '0.0208' },
          accounts: { receivable: '0.0208', revenue: '-0.0208' },
        },
      },
    });
  });

  it('is not made by a close that is refused', async () => {
    for (const step of ['ask', 'approve', 'single_person'] as const)
      expect(message(await closePeriod(db, { ...of(), actor: 'alice', step }))).toMatch(/is open: soft-close it first/);
    expect(await db.accountingPeriod.count()).toBe(0);
  });

  it('still takes late usage while it is soft-closed; once closed, the next open one takes it', async () => {
    await book(IN);
    await softClosePeriod(db, { ...of(), actor: 'alice' });
    await book(IN);
    await closeMonth(db, PERIOD);
    await book(IN, { at: '2026-10-01T00:00:00Z' });
    expect(await places()).toEqual([
      ...[
        ['2026-09', '2026-09'],
        ['2026-09', '2026-09'],
      ],
      ...[
        ['2026-10', '2026-09'],
        ['2026-10', '2026-10'],
      ],
    ]);
  });

  it('passes over every closed month, also when it was closed without a booking', async () => {
    await book(IN);
    await closeMonth(db, PERIOD);
    await closeMonth(db, '2026-10');
    await book(IN, { at: '2026-08-10T00:00:00Z' });
    expect((await places()).slice(1)).toEqual([
      ['2026-11', '2026-08'],
      ['2026-11', '2026-09'],
    ]);
    expect(message(await softClosePeriod(db, { tenantId: TENANT, period: '2026-08', actor: 'alice' }))).toMatch(
      /as good as closed/,
    );
  });

  it('is closed for its tenant alone', async () => {
    await book(IN, { ...IN, tenantId: OTHER_TENANT });
    await closeMonth(db, PERIOD);
    await book({ ...IN, tenantId: OTHER_TENANT });
    expect(await periodOfTenant(db, OTHER_TENANT, PERIOD)).toMatchObject({ status: 'open' });
    expect(await db.ledgerTransaction.count({ where: { tenantId: OTHER_TENANT, period: PERIOD } })).toBe(4);
  });

  it('takes no tenant that came after it once it is closed for somebody, whoever writes', async () => {
    await book(IN);
    const newcomer = { id: OTHER_TENANT, slug: 'new', name: 'New', status: 'active' };
    await db.tenant.create({ data: { ...newcomer, createdAt: new Date('2026-10-01T00:00:00Z') } });
    await closeMonth(db, PERIOD);
    const credit = { kind: 'credit', amount: amount('1'), because: ALICE, reference: 'a' } as const;
    expect(await bookByHand(db, { ...credit, tenantId: OTHER_TENANT, usagePeriod: PERIOD })).toMatchObject({
      value: { row: { period: '2026-10', usagePeriod: PERIOD } },
    });
    await book({ ...IN, tenantId: OTHER_TENANT });
    expect(await db.accountingPeriod.findMany({ where: { tenantId: OTHER_TENANT } })).toMatchObject([
      { period: '2026-10' },
    ]);
    await expect(
      db.$executeRaw`INSERT INTO accounting_period (tenant_id, period) VALUES (${OTHER_TENANT}, ${PERIOD})`,
    ).rejects.toThrow(/is over/);
    expect(await periodOfTenant(db, OTHER_TENANT, PERIOD)).toMatchObject({ status: 'closed', closedBy: null });
  });

  it('takes a booking that waited for another and the other for it: what lost is done again', async () => {
    await book(IN);
    const other = await bed.open('again');
    const credit = { ...of(), kind: 'credit', amount: amount('1'), because: ALICE, reference: 'a' } as const;
    const bookings: ReturnType<typeof bookByHand>[] = [];
    await other.$transaction(
      async (tx) => {
        // The other one is patient, so that the server ends ours.
        await tx.$executeRaw`SET LOCAL deadlock_timeout = '60s'`;
        await tx.$executeRaw`SELECT FROM ledger_chain WHERE tenant_id = ${TENANT} FOR UPDATE`;
        bookings.push(bookByHand(db, { ...credit, usagePeriod: PERIOD }));
        await eventually('a booking that waits', async () => {
          const waiting: unknown[] = await other.$queryRaw`
            SELECT FROM pg_locks l JOIN pg_database d ON d.oid = l.database OR l.locktype = 'transactionid'
             WHERE NOT l.granted AND d.datname = current_database()`;
          return waiting.length > 0 ? true : null;
        });
        await tx.$executeRaw`SELECT FROM accounting_period WHERE tenant_id = ${TENANT} FOR UPDATE`;
      },
      { timeout: 60_000 },
    );
    expect(await Promise.all(bookings)).toMatchObject([{ ok: true, value: { repeated: false } }]);
  });

  it('still takes a tenant that was there, also when it is closed for somebody else', async () => {
    await book(IN);
    const there = { id: OTHER_TENANT, slug: 'there', name: 'There', status: 'active' };
    await db.tenant.create({ data: { ...there, createdAt: new Date('2026-09-30T23:59:59Z') } });
    await closeMonth(db, PERIOD);
    await book({ ...IN, tenantId: OTHER_TENANT });
    expect(await periodOfTenant(db, OTHER_TENANT, PERIOD)).toMatchObject({ status: 'open' });
    expect(await closeMonth(db, PERIOD, OTHER_TENANT)).toMatchObject({ value: { status: 'closed' } });
  });

  it('uses what was prepaid by then when it is closed', async () => {
    await book({ ...IN, counts: { input_text: 1_000_000n } });
    await bookByHand(db, {
      ...of(),
      usagePeriod: PERIOD,
      kind: 'prepayment',
      amount: amount('10'),
      because: ALICE,
      reference: 'a',
    });
    await closeMonth(db, PERIOD);
    expect(await balanceOfTenant(db, TENANT)).toMatchObject({ owed: 0n, prepaid: amount('6') });
    expect(await periodOfTenant(db, TENANT, PERIOD)).toMatchObject({
      totals: { booked: { 'prepayment/prepayment': '6' } },
    });
  });

  it('uses nothing that was used in a later month already', async () => {
    await book({ ...IN, counts: { input_text: 1_000_000n } });
    const byHand = (
      kind: 'prepayment' | 'adjustment' | 'drawdown',
      usagePeriod: '2026-09' | '2026-10',
      dollars: string,
    ) => bookByHand(db, { ...of(), usagePeriod, kind, amount: amount(dollars), because: ALICE, reference: kind });
    await byHand('prepayment', PERIOD, '10');
    await byHand('adjustment', '2026-10', '6');
    expect(await byHand('drawdown', '2026-10', '9')).toMatchObject({ ok: true });
    await closeMonth(db, PERIOD);
    expect(await balanceOfTenant(db, TENANT)).toMatchObject({ owed: 0n, prepaid: 0n });
  });

  it.each([
    [
      'a booking',
      `INSERT INTO ledger_transaction SELECT (json_populate_record(t, '{"id":"x","chain_sequence":99,"revision":7,"actor":"a","reason":"r"}')).* FROM ledger_transaction t LIMIT 1`,
    ],
    ['its reopening', `UPDATE accounting_period SET status = 'open'`],
    ['other totals', `UPDATE accounting_period SET totals = '{}'`],
    ['its removal', `DELETE FROM accounting_period`],
  ])('refuses %s once it is closed, whoever writes', async (_name, sql) => {
    await book(IN);
    await closeMonth(db, PERIOD);
    await expect(db.$executeRaw`${Prisma.raw(sql)}`).rejects.toThrow(/closed|append-only/);
  });
});

describe('closing', () => {
  it('is refused with everything that stands in the way, and waits for it', async () => {
    await book(IN, { ...IN, model: 'unknown' });
    await journal(db, usage({ ...IN, problem: 'sum_mismatch' }), usage(IN));
    await softClosePeriod(db, { ...of(), actor: 'alice' });
    expect(await missing()).toEqual(['pending', 'unrated', 'parked', 'reconciled']);
    const refused = await closePeriod(db, { ...of(), actor: 'alice', step: 'ask' });
    expect(message(refused)).toMatch(/pending: 1 .*unrated: 1 .*parked: 1 .*reconciled: it was not/);
    const noted = { tenantId: TENANT, period: PERIOD, step: 'ask', actor: 'alice', reason: message(refused) };
    expect(await db.periodCloseRefusal.findMany()).toMatchObject([noted]);
    expect([...(await countRefusedCloses(db))]).toEqual([['ask', 1]]);
    expect(await periodOfTenant(db, TENANT, PERIOD)).toMatchObject({ status: 'soft_closed', closeRequestedBy: null });
  });

  it('is refused to a name that cannot be kept, which is noted as far as it can be', async () => {
    const refused = await softClosePeriod(db, { ...of(), actor: `\0${'a'.repeat(9_000)}` });
    expect(message(refused)).toMatch(/actor has at most/);
    const [noted] = await db.periodCloseRefusal.findMany({ orderBy: { id: 'desc' }, take: 1 });
    expect(noted).toMatchObject({ step: 'soft_close', actor: `\ufffd${'a'.repeat(1_999)}` });
  });

  it('takes waivers for what was there when they were given, and not for what came after', async () => {
    await book({ ...IN, model: 'unknown' });
    await softClosePeriod(db, { ...of(), actor: 'alice' });
    for (const check of ['unrated', 'reconciled'] as const)
      expect(await waiveCheck(db, { ...of(), check, because: ALICE })).toMatchObject({ ok: true });
    expect(await missing()).toEqual([]);
    await book({ ...IN, model: 'unknown too' });
    expect(await missing()).toEqual(['unrated']);
    expect(message(await waiveCheck(db, { ...of(), check: 'chain', because: ALICE }))).toMatch(/cannot be waived/);
    expect(message(await waiveCheck(db, { ...of(), check: 'parked', because: ALICE }))).toMatch(/Nothing to waive/);
  });

  it('asks for every pool with cost, though the books that can be read agree, and names those that nobody compared', async () => {
    await book(IN, { ...IN, at: '2026-09-11T00:00:00Z' });
    const [compared, other] = await db.usageEvent.findMany({ orderBy: { occurredAt: 'asc' } });
    if (compared === undefined || other === undefined) throw new Error('no usage');
    await db.pool.create({ data: { id: other.poolId, slug: 'azure-eu', vendor: 'azure', models: [] } });
    await softClosePeriod(db, { ...of(), actor: 'alice' });
    const run = { stage: 'final', trigger: 'manual', actor: 'ann', compared: 1, equal: 1, unbooked: 0 };
    const agrees = { oursCost: 0, theirsCost: 0, unexplained: 0, alarming: false, ranAt: new Date() };
    const day = new Date('2026-09-10');
    await db.reconciliationRun.create({ data: { id: 'rec_1', poolId: compared.poolId, day, ...run, ...agrees } });
    const found = { ...of(), tenantId: null, check: 'reconciled', actor: 'reconciliation' } as const;
    await recordPeriodCheck(db, { ...found, state: 'ok', reason: '30 days agree' });
    const reconciled = async () =>
      (await checklistOfPeriod(db, of())).find((each) => each.check === 'reconciled') ?? null;
    expect(await reconciled()).toMatchObject({
      ...{ state: 'missing', count: 1, detail: expect.stringMatching(/^pools .*: azure-eu \(azure, days: 1\): /) },
    });
    expect(await waiveCheck(db, { ...of(), check: 'reconciled', because: ALICE })).toMatchObject({ ok: true });
    expect(await missing()).toEqual([]);
    // A finding that is well says nothing of what was waived; one that is not ends the waiver.
    await recordPeriodCheck(db, { ...found, state: 'ok', reason: '30 days agree' });
    expect(await missing()).toEqual([]);
    await recordPeriodCheck(db, { ...found, state: 'missing', reason: '1 of 30 days does not agree' });
    expect(await reconciled()).toMatchObject({
      state: 'missing',
      detail: expect.stringMatching(/^1 of 30 .*; pools /),
    });
    await waiveCheck(db, { ...of(), check: 'reconciled', because: ALICE });
    await book(IN);
    expect(await reconciled()).toMatchObject({ count: 2, detail: expect.stringContaining('1 of them were waived') });
  });

  it.each([
    ['ann', 'an\u200bn'],
    ['ann', 'a\u00adnn'],
    ['ann', 'ann\u{e0041}'],
    ['\uff21nn', ' ann '],
    ['ann', 'anne'],
    ['ann', 'bob'],
  ])('takes %j and %j for as many persons as the code does', async (a, b) => {
    const [row]: { same: boolean }[] = await db.$queryRaw`SELECT same_person(${a}, ${b}) AS same`;
    expect(row?.same).toBe(isSamePerson(a, b));
  });

  it('needs two persons, or one who says so on the record', async () => {
    await book(IN);
    await softClosePeriod(db, { ...of(), actor: 'alice' });
    await waiveCheck(db, { ...of(), check: 'reconciled', because: ALICE });
    const step = (actor: string, how: 'ask' | 'approve' | 'single_person') =>
      closePeriod(db, { ...of(), actor, step: how });
    expect(message(await step('bob', 'approve'))).toMatch(/Nobody asked/);
    expect(await step('alice', 'ask')).toMatchObject({ value: { status: 'soft_closed', closeRequestedBy: 'alice' } });
    expect(message(await step('al\u200dice', 'approve'))).toMatch(/somebody else approves/);
    expect(message(await step('ALICE', 'approve'))).toMatch(/somebody else approves/);
    expect(await step('carol', 'single_person')).toMatchObject({
      value: { status: 'closed', closedBy: 'carol', approvedBy: 'carol', singlePerson: true },
    });
  });

  it('goes month by month, and not before a month is over', async () => {
    await book({ at: '2026-08-10T00:00:00Z' }, IN);
    await softClosePeriod(db, { ...of(), actor: 'alice' });
    expect(await missing()).toEqual(['earlier', 'reconciled']);
    expect(message(await softClosePeriod(db, { tenantId: TENANT, period: '2999-01', actor: 'alice' }))).toMatch(
      /is not over/,
    );
    expect(
      message(await closePeriod(db, { tenantId: TENANT, period: '2026-08', actor: 'alice', step: 'ask' })),
    ).toMatch(/soft-close it first/);
  });

  it('finds a row that was changed around the triggers, and names it', async () => {
    await book(IN, IN);
    const [, second] = await db.ledgerTransaction.findMany({ orderBy: { chainSequence: 'asc' } });
    const change = `ALTER TABLE ledger_transaction DISABLE TRIGGER USER; UPDATE ledger_transaction SET total = 7 WHERE chain_sequence = 2;
      ALTER TABLE ledger_transaction ENABLE TRIGGER USER`;
    for (const sql of change.split(';')) await db.$executeRaw`${Prisma.raw(sql)}`;
    expect(await verified(db)).toMatchObject([{ broken: { sequence: 2n, id: second?.id } }]);
    expect(await missing()).toContain('chain');
  });

  it('happens once however many close at the same time', async () => {
    await book(IN, IN, IN);
    await softClosePeriod(db, { ...of(), actor: 'alice' });
    await waiveCheck(db, { ...of(), check: 'reconciled', because: ALICE });
    const others = [db, await bed.open('again'), await bed.open('again')];
    const outcomes = await Promise.all(
      others.map((each, i) => closePeriod(each, { ...of(), actor: `person ${i}`, step: 'single_person' })),
    );
    const heads = outcomes.map((each) => (each.ok ? each.value.chainHead : null));
    expect(new Set(heads).size).toBe(1);
    expect(new Set(outcomes.map((each) => (each.ok ? each.value.closedBy : null))).size).toBe(1);
  });

  it('leaves the month as it was when its connection dies before the commit', async () => {
    await book(IN);
    await softClosePeriod(db, { ...of(), actor: 'alice' });
    await waiveCheck(db, { ...of(), check: 'reconciled', because: ALICE });
    const [blocker, victim] = [await bed.open('again'), await bed.open('again')];
    await blocker.$transaction(async (tx) => {
      await tx.$executeRaw`LOCK TABLE ledger_account IN ACCESS EXCLUSIVE MODE`;
      const closing = expect(closePeriod(victim, { ...of(), actor: 'bob', step: 'single_person' })).rejects.toThrow();
      await eventually('a connection that waits for the lock', async () => {
        const killed: unknown[] = await db.$queryRaw`
          SELECT pg_terminate_backend(pid) FROM pg_stat_activity
           WHERE datname = current_database() AND wait_event_type = 'Lock' AND query LIKE '%ledger_account%'`;
        return killed.length > 0 ? killed : null;
      });
      await closing;
    });
    expect(await periodOfTenant(db, TENANT, PERIOD)).toMatchObject({ status: 'soft_closed', totals: null });
    expect(await closePeriod(db, { ...of(), actor: 'bob', step: 'single_person' })).toMatchObject({
      value: { status: 'closed' },
    });
  });
});

describe('months that are over and not closed', () => {
  it('are counted by what was done about them, with the age of the oldest', async () => {
    expect(await overduePeriods(db)).toEqual({ open: 0, softClosed: 0, closeAsked: 0, oldestMs: 0 });
    await book({ at: '2026-08-10T00:00:00Z' }, IN, { ...IN, tenantId: OTHER_TENANT });
    await softClosePeriod(db, { ...of(OTHER_TENANT), actor: 'alice' });
    const overdue = await overduePeriods(db);
    expect(overdue).toMatchObject({ open: 2, softClosed: 1, closeAsked: 0 });
    // Since the end of August.
    expect(Math.abs(Date.now() - overdue.oldestMs - Date.parse('2026-09-01T00:00:00Z'))).toBeLessThan(60_000);
    await waiveCheck(db, { ...of(OTHER_TENANT), check: 'reconciled', because: ALICE });
    await closePeriod(db, { ...of(OTHER_TENANT), actor: 'alice', step: 'ask' });
    expect(await overduePeriods(db)).toMatchObject({ open: 2, softClosed: 0, closeAsked: 1 });
    await closePeriod(db, { ...of(OTHER_TENANT), actor: 'bob', step: 'approve' });
    expect(await overduePeriods(db)).toMatchObject({ open: 2, closeAsked: 0 });
  });
});

describe('a quantity that cannot be', () => {
  it.each([-5n, 10n ** 15n])('of %s tokens is in no book, and is listed with the way out', async (input_text) => {
    const absurd = usage({ ...IN, counts: { input_text, output_audio: 1n } });
    await journal(db, absurd);
    expect(await postBatch(db, prices)).toMatchObject({ rated: 0, setAside: [{ id: absurd.id }] });
    const range = { fromMs: 0, toMs: Date.parse('2027-01-01'), books: prices.books, limit: 9 };
    expect(await stuckUsageOfTenant(db, TENANT, range)).toMatchObject([
      { id: absurd.id, why: expect.stringContaining(`counts ${input_text} of input_text, which cannot be: it stays`) },
    ]);
    const [stuck] = await stuckUsageOfTenant(db, TENANT, range);
    expect(stuck).toMatchObject({ state: 'parked', why: expect.stringContaining('waive --check parked') as string });
  });
});

describe('a date that cannot be', () => {
  const NOW = '2026-10-31T23:50:00Z';
  it('parks usage from a month that has not begun, and says how to release it', async () => {
    const jumped = usage({ at: '2026-11-15T00:00:00Z' });
    const ahead = usage({ at: '2026-11-01T00:04:00Z' });
    await journalAt(db, NOW, jumped, ahead);
    const batch = await postBatch(db, prices);
    expect(batch).toMatchObject({ rated: 1, setAside: [{ id: jumped.id }] });
    expect(batch.setAside[0]?.why).toMatch(
      /dated 2026-11-15.*after it was journalled \(2026-10-31.*usage release use_/,
    );
    expect(await ratingStates(db)).toEqual({ parked: 1, rated: 1 });
    const range = { fromMs: Date.parse('2026-10-01'), toMs: Date.parse('2026-12-01'), books: prices.books, limit: 9 };
    expect(await stuckUsageOfTenant(db, TENANT, range)).toMatchObject([
      { why: expect.stringContaining('usage release') },
    ]);
    expect(
      (await checklistOfPeriod(db, { tenantId: TENANT, period: '2026-10' })).find((each) => each.check === 'parked'),
    ).toMatchObject({
      count: 1,
    });
  });

  it('parks usage from long ago, and books it once released, at its word or at the date that is said', async () => {
    const [old, wrong] = [usage({ at: '2026-03-01T00:00:00Z' }), usage({ at: '2026-03-01T00:00:00Z' })];
    await journalAt(db, NOW, old, wrong);
    expect(await postBatch(db, prices)).toMatchObject({ rated: 0, setAside: [{}, {}] });
    const said = Date.parse('2026-10-30T00:00:00Z');
    await releaseUsage(db, { usageEventId: old.id, occurredAtMs: null, because: ALICE });
    await releaseUsage(db, { usageEventId: wrong.id, occurredAtMs: said, because: ALICE });
    expect(await postBatch(db, prices)).toMatchObject({ rated: 2, setAside: [] });
    expect(await places()).toEqual([
      ['2026-03', '2026-03'],
      ['2026-10', '2026-10'],
    ]);
    expect(message(await releaseUsage(db, { usageEventId: old.id, occurredAtMs: null, because: ALICE }))).toMatch(
      /is rated/,
    );
  });

  it('sees the release of what it claims, also when both happen at once', async () => {
    const old = usage({ at: '2026-03-01T00:00:00Z' });
    await journalAt(db, NOW, old);
    await postBatch(db, prices);
    // The claim begins, and waits for the table while the release commits.
    const waits = async () => {
      const rows = await db.$queryRaw`
        SELECT FROM pg_locks WHERE NOT granted AND relation = 'usage_event'::regclass`;
      return Array.isArray(rows) && rows.length > 0 ? true : null;
    };
    const inOne = { timeout: 30_000 };
    const posted = await db.$transaction(async (tx) => {
      await tx.$executeRaw`LOCK TABLE usage_event IN ACCESS EXCLUSIVE MODE`;
      const posting = postBatch(db, prices);
      await eventually('the claim waits', waits);
      await tx.$executeRaw`
        INSERT INTO usage_release (usage_event_id, actor, reason) VALUES (${old.id}, 'alice', 'it is right')`;
      await tx.$executeRaw`UPDATE usage_event SET rating_state = 'pending', problem = NULL WHERE id = ${old.id}`;
      return { posting };
    }, inOne);
    expect(await posted.posting).toMatchObject({ rated: 1, setAside: [] });
    expect(await ratingStates(db)).toEqual({ rated: 1 });
  });

  it('lets what was said of it once stand where it is parked all the same', async () => {
    const old = usage({ at: '2026-03-01T00:00:00Z' });
    await journalAt(db, NOW, old);
    await postBatch(db, prices);
    await db.$executeRaw`
      INSERT INTO usage_release (usage_event_id, actor, reason) VALUES (${old.id}, 'alice', 'it is right')`;
    const said = { usageEventId: old.id, because: ALICE };
    expect(message(await releaseUsage(db, { ...said, occurredAtMs: Date.parse(NOW) }))).toMatch(
      /was released at its own date by alice \(it is right\), and that stands/,
    );
    expect(await releaseUsage(db, { ...said, occurredAtMs: null })).toMatchObject({ ok: true });
    expect(await postBatch(db, prices)).toMatchObject({ rated: 1, setAside: [] });
  });
});

describe('the company', () => {
  it('has the months of its time zone, which stays once it would move what is booked', async () => {
    expect(await updateCompany(db, { timeZone: 'America/New_York', name: 'Acme' })).toMatchObject({ ok: true });
    await book({ at: '2026-10-01T03:59:59Z' }, { at: '2026-10-01T04:00:00Z' });
    expect(await places()).toEqual([
      ['2026-09', '2026-09'],
      ['2026-10', '2026-10'],
    ]);
    expect(message(await updateCompany(db, { timeZone: 'UTC' }))).toMatch(
      /stays America\/New_York: in UTC, txn_\w+, booked for 2026-10-01T03:59:59Z, would move from 2026-09-30 to 2026-10-01/,
    );
    expect(await updateCompany(db, { timeZone: 'America/Toronto', graceDays: 3 })).toMatchObject({ ok: true });
    expect(await loadCompany(db)).toMatchObject({ name: 'Acme', timeZone: 'America/Toronto', graceDays: 3 });
  });

  it('keeps its time zone where only a day would move, in a month that is still open', async () => {
    await book({ at: '2026-09-10T23:30:00Z' });
    expect(message(await updateCompany(db, { timeZone: 'Europe/Berlin' }))).toMatch(/from 2026-09-10 to 2026-09-11/);
    expect(await updateCompany(db, { timeZone: 'Europe/London' })).toMatchObject({ ok: false });
    expect(await updateCompany(db, { timeZone: 'Africa/Abidjan' })).toMatchObject({ ok: true });
  });

  it('keeps its time zone once a month has begun to close, even an empty one', async () => {
    await book({ at: '2026-09-10T12:00:00Z' });
    expect(await updateCompany(db, { timeZone: 'Europe/Berlin' })).toMatchObject({ ok: true });
    await softClosePeriod(db, { ...of(), actor: 'alice' });
    expect(message(await updateCompany(db, { timeZone: 'UTC' }))).toMatch(/2026-09, which is closed or being closed/);
    expect(await updateCompany(db, { timeZone: 'Europe/Vienna' })).toMatchObject({ ok: true });
  });

  it.each([
    ['a time zone that is none', { timeZone: '+05:00' }, /no time zone/],
    ['no name', { name: ' ' }, /1 to 200/],
    ['half a day of grace', { graceDays: 0.5 }, /whole number/],
  ])('refuses %s', async (_name, change, words) => {
    expect(message(await updateCompany(db, change))).toMatch(words);
  });
});
