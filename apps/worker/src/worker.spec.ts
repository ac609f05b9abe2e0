import { jest } from '@jest/globals';
import { eventually } from '../../../test/support/poll.js';
import { startTestPostgres, type TestPostgres } from '../../../test/support/postgres.js';
import { mintId, trustedId } from '@trunkline/kernel';
import { closePeriod, softClosePeriod } from '@trunkline/ledger/adapters/prisma';
import { usageEventId } from '@trunkline/metering';
import { openDatabase, type Database } from '@trunkline/platform/database';
import { openLog } from '@trunkline/platform/logging';
import { Shutdown } from '@trunkline/platform/shutdown';
import { parsePriceRows } from '@trunkline/rating';
import { importPrices } from '@trunkline/rating/adapters/prisma';
import { Metrics } from '@trunkline/telemetry/adapters/prom';
import { startWorker, type RunningWorker } from './index.js';
import { refusedCloses, reportPeriods } from './watch-periods.js';

/** For a machine that is busy with other tests. */
const DEADLINE_MS = 30_000;
jest.setTimeout(90_000);
const SESSION = mintId('ses', 1, (n) => new Uint8Array(n));

let postgres: TestPostgres;
let db: Database;
let worker: RunningWorker;
const metrics = new Metrics();
const shutdown = new Shutdown(() => undefined);
beforeAll(async () => {
  postgres = await startTestPostgres();
  db = openDatabase(postgres.url, { poolMax: 3 });
  await priceOf('voice-model');
  const log = openLog('silent', { write: () => undefined });
  worker = await startWorker({
    db,
    log,
    shutdown,
    metrics,
    loop: { idleMs: 5, backoff: { firstMs: 5, maxMs: 50 } },
  });
}, 60_000);
afterAll(async () => {
  await shutdown.run();
  await db.$disconnect();
  await postgres.stop();
});

const priceOf = async (model: string): Promise<void> => {
  const row = { model, meter: 'input_text', unit: 'tokens', price: '4', effectiveFrom: '2026-01-01', source: 'test' };
  const rows = parsePriceRows([row]);
  if (!rows.ok || !(await importPrices(db, { versions: rows.value, aliases: [] })).ok) throw new Error('not imported');
};
/** Journals one event of a thousand tokens. */
const journal = async (name: string, model = 'voice-model', at = '2026-11-21T12:00:00Z'): Promise<string> => {
  const id = usageEventId({ sessionId: SESSION, vendorObjectId: name, kind: 'response' });
  const quantities = JSON.stringify([{ meter: 'input_text', quantityMicro: '1000000000' }]);
  await db.$executeRaw`
    INSERT INTO usage_event (id, version, kind, session_id, tenant_id, key_id, pool_id, replica_id, vendor,
                             vendor_object_id, model, status, occurred_at, journalled_at, quantities, evidence, rating_state)
    VALUES (${id}, 1, 'response', ${SESSION}, 'tnt_t', 'key_k', 'pool_p', 'rep_r', 'openai', ${name}, ${model},
            'completed', ${at}::timestamptz, ${at}::timestamptz, ${quantities}::jsonb, 'reported', 'pending')`;
  return id;
};
const charged = (id: string) =>
  eventually(
    'the charge',
    async () => {
      const found = await db.ledgerTransaction.findFirst({ where: { usageEventId: id, purpose: 'tenant_charge' } });
      return found === null ? null : found.total.toString();
    },
    DEADLINE_MS,
  );

describe('the worker', () => {
  it('puts usage into the ledger soon after it is journalled', async () => {
    expect(await charged(await journal('soon'))).toBe('0.004');
  });

  it('has the books up to date when asked to', async () => {
    const id = await journal('asked');
    await worker.rateOnce();
    expect(await db.ledgerTransaction.count({ where: { usageEventId: id } })).toBe(2);
  });

  it('sums up what a tenant spent soon after posting it', async () => {
    await db.$executeRaw`DELETE FROM tenant_spend`;
    const before = await db.ledgerTransaction.aggregate({ where: { purpose: 'tenant_charge' }, _sum: { total: true } });
    await charged(await journal('spent'));
    const sum = () => db.tenantSpend.findFirst({ where: { tenantId: 'tnt_t' } });
    const spent = await eventually('the sum', sum, DEADLINE_MS);
    expect(spent.amount.toString()).toBe(before._sum.total?.add('0.004').toString());
  });

  it('rates what waited for a price as soon as somebody imports it', async () => {
    const id = await journal('waits', 'new-model');
    await eventually('unrated', () => db.usageEvent.findFirst({ where: { id, ratingState: 'unrated' } }), DEADLINE_MS);
    await priceOf('new-model');
    expect(await charged(id)).toBe('0.004');
  });

  it('says how much usage waits for a price', async () => {
    await journal('unpriced', 'nobody-priced-this');
    await eventually(
      'the gauge',
      async () => ((await metrics.scrape()).includes('trunkline_usage_waiting{state="unrated"} 1') ? true : null),
      DEADLINE_MS,
    );
  });

  it('says how many months are over and not closed, and since when', async () => {
    const periods = ['2026-08', '2026-09'].map((period) => ({ tenantId: 'tnt_late', period }));
    await db.accountingPeriod.createMany({ data: periods });
    await reportPeriods(db, metrics);
    const text = await metrics.scrape();
    expect(text).toContain('trunkline_periods_overdue{state="soft_closed"} 0');
    const [, open] = /trunkline_periods_overdue\{state="open"\} (\d+)/.exec(text) ?? [];
    expect(Number(open)).toBeGreaterThanOrEqual(2);
    const [, age] = /trunkline_period_oldest_age_seconds (\d+)/.exec(text) ?? [];
    expect(Math.abs(Date.now() / 1000 - Number(age) - Date.parse('2026-09-01T00:00:00Z') / 1000)).toBeLessThan(120);
  });

  it('counts the steps of closing a month that were refused, whoever took them, and each once', async () => {
    const counted = new Metrics();
    const report = refusedCloses(db, counted);
    const attempt = { tenantId: trustedId('tnt', 'tnt_late'), period: '9999-01', actor: 'ann' } as const;
    expect((await softClosePeriod(db, attempt)).ok).toBe(false);
    await report();
    expect((await closePeriod(db, { ...attempt, step: 'ask' })).ok).toBe(false);
    await report();
    await report();
    const text = await counted.scrape();
    expect(text).toContain('trunkline_period_close_refused_total{step="soft_close"} 1');
    expect(text).toContain('trunkline_period_close_refused_total{step="ask"} 1');
    expect(text).toContain('trunkline_period_close_refused_total{step="approve"} 0');
  });

  it('notices that a budget is used so far, once', async () => {
    const tenant = { id: 'tnt_budget', slug: 'budget', name: 'Budget', status: 'active', spendMonthMax: '10' };
    await db.tenant.create({ data: tenant });
    await db.$executeRaw`INSERT INTO tenant_spend VALUES (${tenant.id}, date_trunc('month', now(), 'UTC'), 8)`;
    const noticed = async () => {
      const rows = await db.budgetNotice.findMany({ where: { tenantId: tenant.id }, orderBy: { percent: 'asc' } });
      return rows.length === 0 ? null : rows.map(({ period, percent }) => `${period} ${percent}`);
    };
    expect(await eventually('the notices', noticed, DEADLINE_MS)).toEqual(['month 50', 'month 80']);
  });

  it("notices that a session's own limit is used so far, with the session and its key", async () => {
    await db.tenant.create({
      data: { id: 'tnt_t', slug: 'limited', name: 'Limited', status: 'active', spendSessionMax: '0.002' },
    });
    await journal('now', 'voice-model', new Date().toISOString());
    const noticed = async () => {
      const rows = await db.budgetNotice.findMany({ where: { tenantId: 'tnt_t' }, orderBy: { percent: 'asc' } });
      return rows.length === 0 ? null : rows;
    };
    const of = { period: 'session', sessionId: SESSION, keyId: 'key_k' };
    expect(await eventually('the notices', noticed, DEADLINE_MS)).toMatchObject([
      { percent: 50, ...of },
      { percent: 80, ...of },
      { percent: 100, ...of },
    ]);
  });

  it('outlives a crash of the database and says so meanwhile', async () => {
    expect(worker.problem()).toBeNull();
    await postgres.crash();
    await eventually('a failed pass', () => worker.problem(), DEADLINE_MS);
    await postgres.restart();
    const id = await eventually('the database', () => journal('after the crash').catch(() => null), DEADLINE_MS);
    expect(await charged(id)).toBe('0.004');
    expect(worker.problem()).toBeNull();
  });

  it('works off the queue when it is stopped', async () => {
    const ids = await Promise.all(Array.from({ length: 50 }, (_, i) => journal(`last ${i}`)));
    await shutdown.run();
    expect(await db.ledgerTransaction.count({ where: { usageEventId: { in: ids } } })).toBe(100);
  });
});
