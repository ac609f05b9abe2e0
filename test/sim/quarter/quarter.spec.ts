// A quarter of a company with thirty tenants: two announced price changes and one that came late, workers that are killed,
// reports that come twice or after their month was closed, two closes. Everything that the product says about it must
// agree to the last digit, with itself and with an oracle that shares no code with it.
import { jest } from '@jest/globals';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { rerate, verifyChains } from '@trunkline/ledger/adapters/prisma';
import type { Period } from '@trunkline/ledger';
import { withSnapshot } from '@trunkline/platform/database';
import { EXPORT_FORMATS, writeExport } from '@trunkline/reporting/adapters/export';
import {
  chargeRowsOf,
  checkRollups,
  loadDirectory,
  organizationRowsOfTenant,
  rollUpAllDue,
  rollupOfAllTenants,
} from '@trunkline/reporting/adapters/prisma';
import { ExportOptions, organizationPage, readQuestion, StatementBuilder } from '@trunkline/reporting';
import { dollarsOf, picoOf } from '../../support/spend-oracle.js';
import { startTestPostgres, type TestPostgres } from '../../support/postgres.js';
import { Chance } from '../admission/chance.js';
import { closeMonth, foundCompany, importSheets, journal, postAll } from './company.js';
import { excess, monthOf, sumOf, sumsBy, totalOf, type Sum } from './oracle.js';
import { CHANGE_SHEETS, CORRECTION_SHEET, FIRST_SHEETS } from './price-list.js';
import { makeQuarter, QUARTER, type Customer, type Report } from './traffic.js';

jest.setTimeout(600_000);
const SEED = 20_260_930;
const TENANTS = 30;
// About 3,000 reports in CI; `QUARTER_CALLS_PER_DAY=20` makes it a real quarter.
const CALLS_PER_DAY = Number(process.env['QUARTER_CALLS_PER_DAY'] ?? '0.25');
const CLOSES = { july: Date.parse('2026-08-10T08:00:00Z'), august: Date.parse('2026-09-10T08:00:00Z') };
const MONTHS: readonly Period[] = ['2026-07', '2026-08', '2026-09'];

let postgres: TestPostgres;
let folder: string;
let customers: readonly Customer[];
let reports: readonly Report[];
let kills = 0;
/** What exports were: format, month and occasion to the manifest's hash. */
let exported: Map<string, string>;

beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await mkdtemp(join(tmpdir(), 'trunkline-quarter-'));
  await liveThroughIt();
}, 600_000);
afterAll(async () => {
  await rm(folder, { recursive: true, force: true });
  await postgres.stop();
});

async function liveThroughIt(): Promise<void> {
  const { db } = postgres;
  exported = new Map();
  customers = await foundCompany(db, TENANTS);
  reports = makeQuarter(SEED, CALLS_PER_DAY, customers);
  const chance = new Chance(SEED + 1);
  let prices = await importSheets(db, [...FIRST_SHEETS, ...CHANGE_SHEETS]);
  const arrived = async (fromMs: number, toMs: number): Promise<void> => {
    await journal(
      db,
      reports.filter(({ arrivesAtMs }) => arrivesAtMs >= fromMs && arrivesAtMs < toMs),
    );
    kills += await postAll(db, prices, chance);
  };
  await arrived(0, CLOSES.july);
  await closeMonth(db, '2026-07', customers);
  await exportAll('2026-07', 'first');
  await arrived(CLOSES.july, CLOSES.august);
  await closeMonth(db, '2026-08', customers);
  await exportAll('2026-08', 'first');
  prices = await importSheets(db, [CORRECTION_SHEET]);
  await arrived(CLOSES.august, Infinity);
  const because = { actor: 'ann', reason: 'the vendor told us late' };
  const pages = rerate(db, { fromMs: QUARTER.fromMs, toMs: QUARTER.toMs, prices, because, dryRun: false });
  if (!pages.ok) throw new Error(pages.error.message);
  for await (const page of pages.value) expect(page.unpriced).toEqual([]);
  await rollUpAllDue(db);
}

async function exportAll(period: Period, when: string): Promise<void> {
  for (const format of EXPORT_FORMATS) {
    const dir = join(folder, `${format.id}-${period}-${when}`);
    const request = { format, period, tenantId: null, options: ExportOptions.parse({}) };
    const { sha256 } = await writeExport({ db: postgres.db, databaseUrl: postgres.url }, request, dir);
    exported.set(`${format.id} ${period} ${when}`, sha256);
  }
}

const dollars = (pico: bigint): string => dollarsOf(pico).replace(/\.?0+$/, '');

/** The charges that each booked month must hold: what was in time, at the prices known then; the rest in the next open one. */
function expectedByPeriod(): Map<string, bigint> {
  const closeOf = (month: string): number =>
    month === '2026-07' ? CLOSES.july : month === '2026-08' ? CLOSES.august : Infinity;
  const bookedIn = (report: Report): string => {
    const month = monthOf(report.occurredAtMs);
    if (report.arrivesAtMs < closeOf(month)) return month;
    return report.arrivesAtMs < CLOSES.august ? '2026-08' : '2026-09';
  };
  const asBooked = sumsBy(reports, bookedIn, false);
  const correction = excess(totalOf(sumsBy(reports, () => 'all')), totalOf(asBooked));
  const expected = new Map([...asBooked].map(([month, { pico }]) => [month, pico]));
  expected.set('2026-09', sumOf(expected.get('2026-09') ?? 0n, correction));
  return expected;
}

describe('a quarter', () => {
  it('has everything that it is about', () => {
    const late = reports.filter(({ arrivesAtMs, occurredAtMs }) => monthOf(arrivesAtMs) !== monthOf(occurredAtMs));
    expect(late.length).toBeGreaterThan(20);
    expect(reports.filter(({ deliveries }) => deliveries > 1).length).toBeGreaterThan(20);
    expect(kills).toBeGreaterThan(0);
  });

  it('is booked once, and by months as they were open', async () => {
    const rows = await postgres.db.ledgerTransaction.groupBy({
      by: ['period', 'purpose'],
      _sum: { total: true },
      orderBy: { period: 'asc' },
    });
    const expected = expectedByPeriod();
    for (const purpose of ['tenant_charge', 'provider_cost']) {
      const booked = rows
        .filter((row) => row.purpose === purpose)
        .map(({ period, _sum }) => [period, _sum.total?.toFixed()]);
      expect(booked).toEqual(MONTHS.map((month) => [month, dollars(expected.get(month) ?? 0n)]));
    }
  });

  it('has chains that hold', async () => {
    let chains = 0;
    for await (const { broken } of verifyChains(postgres.db)) {
      expect(broken).toBeNull();
      chains += 1;
    }
    expect(chains).toBe(TENANTS * MONTHS.length);
  });

  it('is the same in the rollups, by tenant, key, model and meter, and they are what would be computed now', async () => {
    const by = ['tenant', 'key', 'model', 'meter'] as const;
    const query = { fromMs: QUARTER.fromMs, toMs: QUARTER.toMs, bucket: 'total', by, where: {} } as const;
    const { rows, cut } = await rollupOfAllTenants(postgres.db, query, 100_000);
    const keyOf = (...parts: readonly (string | null | undefined)[]): string => parts.join(' ');
    const seen = new Map(
      rows.map(({ of, tenantCharge, providerCost, quantityMicro }) => {
        const quantity = Object.values(quantityMicro).reduce((sum, each) => sum + each, 0n) / 1_000_000n;
        expect(tenantCharge).toBe(providerCost);
        return [keyOf(of.tenant, of.key, of.model, of.meter), { quantity, pico: BigInt(tenantCharge) }];
      }),
    );
    const expected = sumsBy(reports, ({ tenantId, keyId, model }, meter) => keyOf(tenantId, keyId, model, meter));
    expect([cut, seen.size]).toEqual([false, expected.size]);
    for (const [key, sum] of expected) expect([key, seen.get(key)]).toEqual([key, sum]);
    const checks = await checkRollups(postgres.db, { fromMs: QUARTER.fromMs, toMs: QUARTER.toMs, tenantId: null });
    expect(checks.flatMap(({ wrong }) => wrong)).toEqual([]);
  });

  it('is the same in the statements of all tenants', async () => {
    const byTenant = sumsBy(reports, ({ tenantId }) => tenantId);
    const stated = new Map<string, bigint>();
    await withSnapshot(postgres.url, async (snapshot) => {
      for (const period of MONTHS) {
        const tenants = customers.map(({ tenantId }) => tenantId);
        const directory = await loadDirectory(postgres.db, { snapshot, period, tenants });
        for (const tenantId of tenants) {
          const builder = new StatementBuilder({ kind: 'tenant', tenantId }, directory);
          const range = { period, timeZone: 'Europe/Berlin', tenants: [tenantId] };
          for await (const batch of chargeRowsOf(snapshot, range)) for (const row of batch) builder.add(row);
          const { total } = builder.build();
          expect(sumOf(total.exact, total.rounding)).toBe(total.rounded);
          stated.set(tenantId, sumOf(stated.get(tenantId) ?? 0n, total.exact));
        }
      }
    });
    for (const [tenantId, { pico }] of byTenant) expect([tenantId, stated.get(tenantId)]).toEqual([tenantId, pico]);
  });

  it('is the same in every export, and a closed month exported again has the same bytes', async () => {
    for (const period of MONTHS) await exportAll(period, 'again');
    const expected = expectedByPeriod();
    for (const { id } of EXPORT_FORMATS) {
      for (const period of MONTHS) {
        const text = await readFile(join(folder, `${id}-${period}-again`, 'manifest.json'), 'utf8');
        const { totals } = JSON.parse(text) as { totals: Record<string, { charge: string }> };
        expect([id, period, totals['USD']?.charge]).toEqual([id, period, dollars(expected.get(period) ?? 0n)]);
      }
      for (const period of ['2026-07', '2026-08'])
        expect(exported.get(`${id} ${period} again`)).toBe(exported.get(`${id} ${period} first`));
    }
  });

  it("is the same in OpenAI's own shapes", async () => {
    const byTenant = sumsBy(reports, ({ tenantId }) => tenantId);
    for (const { tenantId } of customers) {
      const spent = await paged(tenantId, 'costs');
      const decimal = ({ amount }: Record<string, unknown>) => (amount as { value_decimal: string }).value_decimal;
      const total = spent.reduce((sum, result) => sum + picoOf(decimal(result)), 0n);
      expect([tenantId, total]).toEqual([tenantId, byTenant.get(tenantId)?.pico ?? 0n]);
      const used = await paged(tenantId, 'completions');
      const tokens = used.reduce((sum, result) => sum + BigInt(Number(result['output_tokens'])), 0n);
      // Transcription that is billed by token is counted as a completion, as OpenAI does.
      const isOutput = (meter: string) => meter.includes('output_');
      const out = sumsBy(reports, (report, meter) => (report.tenantId === tenantId && isOutput(meter) ? 'out' : null));
      expect(tokens).toBe(quantityOf(out.get('out')));
    }
  });
});

const quantityOf = (sum: Sum | undefined): bigint => sum?.quantity ?? 0n;

/** All results of a topic for a tenant over the quarter, page by page. */
async function paged(
  tenantId: Customer['tenantId'],
  topic: 'costs' | 'completions',
): Promise<Record<string, unknown>[]> {
  const results: Record<string, unknown>[] = [];
  let page: string | null = null;
  do {
    const range = { start_time: String(QUARTER.fromMs / 1000), end_time: String(QUARTER.toMs / 1000), limit: '31' };
    const query: URLSearchParams = new URLSearchParams({
      ...range,
      bucket_width: '1d',
      ...(page === null ? {} : { page }),
    });
    const question = readQuestion(topic, query, QUARTER.toMs / 1000);
    if (!question.ok) throw new Error(question.error.message);
    const { startS, endS, width } = question.value;
    const answer = organizationPage(
      question.value,
      await organizationRowsOfTenant(postgres.db, tenantId, { startS, endS, width }),
    );
    results.push(...answer.data.flatMap((bucket) => bucket.results));
    page = answer.next_page;
  } while (page !== null);
  return results;
}
