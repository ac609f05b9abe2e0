import { jest } from '@jest/globals';
import { formatAmount } from '@trunkline/kernel';
import { estimatedUsage, owedUsage, type EstimateBilling, type UsageEvent } from '@trunkline/metering';
import { openDatabase, type Database } from '@trunkline/platform/database';
import { z } from 'zod';
import { eventually } from '../../../../test/support/poll.js';
import { startTestPostgres, type TestPostgres } from '../../../../test/support/postgres.js';
import { importRows, journal, ratingStates, TENANT, usage, VOICE_PRICES } from '../../test/usage.js';
import { checklistOfPeriod, costsOfTenant, postBatch, usageOfTenant, type PostingPrices } from './index.js';
import { verifyChains } from './verify-chains.js';

jest.setTimeout(60_000);

const ALL = { fromMs: Date.parse('2026-11-01T00:00:00Z'), toMs: Date.parse('2026-12-01T00:00:00Z') };

let postgres: TestPostgres;
let db: Database;
let prices: PostingPrices;
beforeAll(async () => {
  postgres = await startTestPostgres();
});
beforeEach(async () => {
  db = openDatabase(await postgres.createDatabase(), { poolMax: 4 });
  prices = await importRows(db, VOICE_PRICES);
});
afterEach(() => db.$disconnect());
afterAll(() => postgres.stop());

/** The estimate of an event's fact: 500 text in and 50 audio out, 0.0052 dollars; the report is 0.0104. */
function estimateOf(report: UsageEvent, billing: EstimateBilling = 'bill'): UsageEvent {
  const quantities = [
    { meter: 'input_text', quantityMicro: 500_000_000n },
    { meter: 'output_audio', quantityMicro: 50_000_000n },
  ] as const;
  const seen = { quantities, method: 'seen_output_and_seen_context', doubts: [], facts: {} } as const;
  const { kind, vendorObjectId, model, sessionId, tenantId, keyId, poolId, replicaId, vendor, occurredAtMs } = report;
  const who = { sessionId, tenantId, keyId, poolId, replicaId, vendor, seenAtMs: occurredAtMs, billing };
  return estimatedUsage(owedUsage({ kind, vendorObjectId, model, seen }, who));
}

const post = (batchMax = 100) => postBatch(db, prices, { batchMax });

async function postAll(): Promise<void> {
  while ((await post()).claimed > 0);
}

async function costs() {
  const [row] = await costsOfTenant(db, TENANT, { ...ALL, by: [] });
  if (row === undefined) return null;
  const { tenantCharge, providerCost, estimatedCharge, unbilledCost } = row;
  return [tenantCharge, providerCost, estimatedCharge, unbilledCost].map((amount) => formatAmount(amount));
}

const kinds = async () =>
  z
    .array(z.object({ kind: z.string(), evidence: z.string(), count: z.number() }))
    .parse(
      await db.$queryRaw`SELECT kind, evidence, count(*)::int FROM ledger_transaction GROUP BY 1, 2 ORDER BY 1, 2`,
    );

const ONLY_REPORT = ['0.0104', '0.0104', '0', '0'];

describe('a report without usage', () => {
  it('does not stand in the way of closing its month once its estimate is in the books', async () => {
    const parked = async () =>
      (await checklistOfPeriod(db, { tenantId: TENANT, period: '2026-11' })).find(({ check }) => check === 'parked');
    const report = usage({ problem: 'usage_missing' });
    await journal(db, report);
    expect(await parked()).toMatchObject({ state: 'missing', count: 1 });
    await journal(db, estimateOf(report));
    await postAll();
    expect(await parked()).toMatchObject({ state: 'ok' });
  });
});

describe('an estimate and the report of the same fact', () => {
  it('are charged as the report once it is posted, when the estimate was in the books', async () => {
    const report = usage();
    await journal(db, estimateOf(report));
    await postAll();
    expect(await costs()).toEqual(['0.0052', '0.0052', '0.0052', '0']);
    await journal(db, report);
    await postAll();
    expect(await costs()).toEqual(ONLY_REPORT);
    expect(await kinds()).toEqual([
      { kind: 'reversal', evidence: 'estimated', count: 2 },
      { kind: 'usage', evidence: 'estimated', count: 2 },
      { kind: 'usage', evidence: 'reported', count: 2 },
    ]);
    expect(await ratingStates(db)).toEqual({ rated: 1, superseded: 1 });
    const reversal = await db.ledgerTransaction.findFirst({ where: { kind: 'reversal' } });
    expect(reversal).toMatchObject({ actor: 'trunkline', reason: 'the vendor reported what had been estimated' });
    for await (const { broken } of verifyChains(db)) expect(broken).toBeNull();
  });

  it.each([
    ['both wait in the queue', async (report: UsageEvent) => journal(db, estimateOf(report), report)],
    [
      'the report was posted first',
      async (report: UsageEvent) => {
        await journal(db, report);
        await postAll();
        await journal(db, estimateOf(report));
      },
    ],
  ])('are charged as the report, and the estimate is never booked, when %s', async (_name, arrive) => {
    await arrive(usage());
    await postAll();
    expect(await costs()).toEqual(ONLY_REPORT);
    expect(await kinds()).toEqual([{ kind: 'usage', evidence: 'reported', count: 2 }]);
    expect(await ratingStates(db)).toEqual({ rated: 1, superseded: 1 });
  });

  it('are charged as the estimate while the report does not say how much', async () => {
    const report = usage({ problem: 'usage_missing' });
    await journal(db, report, estimateOf(report));
    await postAll();
    expect(await costs()).toEqual(['0.0052', '0.0052', '0.0052', '0']);
    expect(await ratingStates(db)).toEqual({ parked: 1, rated: 1 });
  });

  it('never both stand in the books, whichever comes first and whoever posts them', async () => {
    const reports = Array.from({ length: 40 }, () => usage());
    const events = reports.flatMap((report) => [estimateOf(report), report]);
    // A fixed shuffle: half of the estimates before their reports, batches that cut pairs apart.
    const shuffled = events.map((event, index) => ({ event, at: (index * 7_919) % 83 })).sort((a, b) => a.at - b.at);
    for (let from = 0; from < shuffled.length; from += 13) {
      await journal(db, ...shuffled.slice(from, from + 13).map(({ event }) => event));
      await Promise.all(Array.from({ length: 3 }, () => post(5)));
    }
    await eventually('an empty queue', async () => {
      await Promise.all(Array.from({ length: 3 }, () => post(5)));
      return (await ratingStates(db))['pending'] === undefined ? true : null;
    });
    expect(await ratingStates(db)).toEqual({ rated: 40, superseded: 40 });
    expect(await costs()).toEqual(['0.416', '0.416', '0', '0']);
  });

  it('leave a report in the queue while somebody else is posting its estimate', async () => {
    const report = usage();
    const estimate = estimateOf(report);
    await journal(db, estimate);
    await db.$transaction(async (tx) => {
      await tx.$queryRaw`SELECT FROM usage_event WHERE id = ${estimate.id} FOR UPDATE`;
      await journal(db, report);
      expect(await post()).toMatchObject({ claimed: 0, rated: 0 });
    });
    await postAll();
    expect(await costs()).toEqual(ONLY_REPORT);
  });
});

describe('an estimate that its tenant does not pay for', () => {
  it('is booked as what it cost us, and reports say that it was not billed', async () => {
    await journal(db, estimateOf(usage(), 'do_not_bill'));
    await postAll();
    expect(await costs()).toEqual(['0', '0.0052', '0', '0.0052']);
    const rows = await usageOfTenant(db, TENANT, ALL);
    expect(rows.map(({ meter, evidence, ratingState }) => [meter, evidence, ratingState])).toEqual([
      ['input_text', 'estimated_not_billed', 'rated'],
      ['output_audio', 'estimated_not_billed', 'rated'],
    ]);
  });

  it('gives way to a report, which is billed', async () => {
    const report = usage();
    await journal(db, estimateOf(report, 'do_not_bill'));
    await postAll();
    await journal(db, report);
    await postAll();
    expect(await costs()).toEqual(ONLY_REPORT);
    expect((await usageOfTenant(db, TENANT, ALL)).map(({ evidence }) => evidence)).toEqual(['reported', 'reported']);
  });
});
