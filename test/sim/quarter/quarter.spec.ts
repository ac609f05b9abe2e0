// A quarter of a company with thirty tenants: two announced price changes and one that came late, markups and prices of their
// own, workers that are killed, reports that come twice, after their month was closed or never, estimates in their place,
// bookings by hand, prepaid money, new names, a tenant that comes late, two closes and what is delivered after them, and the
// vendor's own books, which differ from ours here and there. Everything that the product says about it must agree to the last
// digit, with itself and with books kept beside it (own-books.ts, vendor-side.ts) that share no code with it.
import { jest } from '@jest/globals';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { balanceOfTenant, rerate, verifyChains } from '@trunkline/ledger/adapters/prisma';
import type { Period } from '@trunkline/ledger';
import { EXPORT_FORMATS, writeExport, writeStatement } from '@trunkline/reporting/adapters/export';
import {
  checkRollups,
  organizationRowsOfTenant,
  rollUpAllDue,
  rollupOfAllTenants,
  unlikeLedger,
} from '@trunkline/reporting/adapters/prisma';
import {
  DIFFERENCE_CLASSES,
  ExportOptions,
  organizationPage,
  readQuestion,
  type OrganizationTopic,
} from '@trunkline/reporting';
import { startTestPostgres, type TestPostgres } from '../../support/postgres.js';
import { Chance } from '../admission/chance.js';
import { makeByHand, type ByHand, type Stage } from './by-hand.js';
import {
  agreeTerms,
  Clerk,
  closeMonth,
  foundCompany,
  foundCustomer,
  importSheets,
  journal,
  postAll,
  renameAll,
} from './company.js';
import { dollarsOf, monthOf, picoOf, sumOf } from './oracle.js';
import { OwnBooks, totalOf, type Moved, type Movement, type Standing } from './own-books.js';
import { CHANGE_SHEETS, CORRECTION_SHEET, FIRST_SHEETS } from './price-list.js';
import { deliverWhatIsOwed, reconcileQuarter, scheduleAfterCloses } from './reconciling.js';
import { makeQuarter, QUARTER, type Customer, type Report } from './traffic.js';
import { DAY_MS, FIRST_DAY_MS, LAST_DAY_MS, mustAlarm, VendorSide, type Expected } from './vendor-side.js';

const SEED = 20_260_930;
const TENANTS = 30;
// About 3,000 reports in CI; `QUARTER_CALLS_PER_DAY=20` makes it a real quarter.
const CALLS_PER_DAY = Number(process.env['QUARTER_CALLS_PER_DAY'] ?? '0.25');
const WORK_MS_MAX = CALLS_PER_DAY < 1 ? 600_000 : 7_200_000;
jest.setTimeout(WORK_MS_MAX);
// Computing a day of sums anew takes as long for few calls as for many: in CI a week will do, since all
// days are held against the ledger's totals.
const RECOMPUTED = CALLS_PER_DAY < 1 ? { ...QUARTER, toMs: QUARTER.fromMs + 7 * 86_400_000 } : QUARTER;
const CLOSES = { july: Date.parse('2026-08-10T08:00:00Z'), august: Date.parse('2026-09-10T08:00:00Z') };
const MONTHS: readonly Period[] = ['2026-07', '2026-08', '2026-09'];

let postgres: TestPostgres;
let folder: string;
let customers: readonly Customer[];
/** Founded after August was closed. */
let newcomer: Customer;
let reports: readonly Report[];
let books: OwnBooks;
const byHand: ByHand[] = [];
let kills = 0;
/** What exports were: format, month and occasion to the manifest's hash. */
let exported: Map<string, string>;
/** Owed after each close, and what was delivered then. */
const DELIVERED = ['gl', 'xlsx'];
const deliveries: ReadonlyMap<string, string | null>[] = [];
let vendor: VendorSide;
let reconciled: Awaited<ReturnType<typeof reconcileQuarter>>;

beforeAll(async () => {
  postgres = await startTestPostgres();
  folder = await mkdtemp(join(tmpdir(), 'trunkline-quarter-'));
  await liveThroughIt();
}, WORK_MS_MAX);
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
  const clerk = new Clerk(db);
  await importSheets(db, [...FIRST_SHEETS, ...CHANGE_SHEETS]);
  let prices = await agreeTerms(db, customers);
  books = new OwnBooks(MONTHS);
  for (const customer of customers) books.found(customer);
  const arrived = async (fromMs: number, toMs: number): Promise<void> => {
    await journal(db, reports, { fromMs, toMs });
    kills += await postAll(db, prices, chance);
    books.arrive(reports, fromMs, toMs);
  };
  const booked = async (bookings: readonly ByHand[]): Promise<void> => {
    for (const each of bookings) {
      await clerk.book(each);
      books.book(each);
    }
    byHand.push(...bookings);
  };
  await scheduleAfterCloses(db, DELIVERED, join(folder, 'delivered'));
  const close = async (month: Period): Promise<void> => {
    deliveries.push(await deliver());
    await closeMonth(db, month, customers);
    books.close(month);
    deliveries.push(await deliver());
    await exportAll(month, 'first');
  };
  const atStage = (stage: Stage) => makeByHand(stage, new Chance(SEED + 2 + stage), customers);
  await arrived(0, CLOSES.july);
  await booked(atStage(0));
  await close('2026-07');
  await renameAll(db, 'two');
  await booked(atStage(1));
  await arrived(CLOSES.july, CLOSES.august);
  await booked(halfOfPrepaid());
  await close('2026-08');
  await renameAll(db, 'three');
  prices = await importSheets(db, [CORRECTION_SHEET]);
  books.learn();
  newcomer = await foundCustomer(db, TENANTS);
  books.found(newcomer);
  const credit = {
    kind: 'credit',
    pico: 123_456_789n,
    about: '2026-08',
    reference: 'welcome',
    takesBack: null,
  } as const;
  await booked([...atStage(2), { ...credit, tenantId: newcomer.tenantId }]);
  await arrived(CLOSES.august, Infinity);
  const because = { actor: 'ann', reason: 'the vendor told us late' };
  const pages = rerate(db, { fromMs: QUARTER.fromMs, toMs: QUARTER.toMs, prices, because, dryRun: false });
  if (!pages.ok) throw new Error(pages.error.message);
  for await (const page of pages.value) expect(page.unpriced).toEqual([]);
  books.putRight();
  await rollUpAllDue(db);
  vendor = new VendorSide(reports);
  const [{ poolId } = { poolId: null }] = reports;
  if (poolId === null) throw new Error('nobody talked');
  reconciled = await reconcileQuarter(db, vendor, poolId);
  deliveries.push(await deliver());
}

function deliver(): Promise<ReadonlyMap<string, string | null>> {
  const place = { db: postgres.db, databaseUrl: postgres.url, dir: join(folder, 'runs'), s3: null };
  return deliverWhatIsOwed(place, QUARTER.toMs);
}

/** Somebody uses half of what is prepaid and could be used, before the close of August uses the rest. */
function halfOfPrepaid(): readonly ByHand[] {
  return customers.flatMap(({ tenantId }) => {
    const pico = books.drawable(tenantId, '2026-09') / 2n;
    const use = { kind: 'drawdown', about: '2026-08', reference: 'half', takesBack: null } as const;
    return pico === 0n ? [] : [{ ...use, tenantId, pico }];
  });
}

async function exportAll(period: Period, when: string): Promise<void> {
  for (const format of EXPORT_FORMATS) {
    const dir = dirOf(format.id, period, when);
    const request = { format, period, tenantId: null, options: ExportOptions.parse({}) };
    const { sha256 } = await writeExport({ db: postgres.db, databaseUrl: postgres.url }, request, dir);
    exported.set(`${format.id} ${period} ${when}`, sha256);
  }
}

const dirOf = (format: string, period: Period, when: string): string => join(folder, `${format}-${period}-${when}`);

/** What was moved in a month, of one tenant or all; what is metered or all. */
function moved(is: (movement: Movement) => boolean): Moved {
  return totalOf(books.movements.filter(is));
}

const everybody = (): readonly Customer[] => [...customers, newcomer];

describe('a quarter', () => {
  it('has everything that it is about', () => {
    const isLate = (atMs: number, month: string) =>
      atMs !== Infinity && new Date(atMs).toISOString().slice(0, 7) > month;
    const seen = {
      late: reports.filter((report) => isLate(report.arrivesAtMs, monthOf(report))).length,
      twice: reports.filter(({ deliveries }) => deliveries > 1).length,
      neverReported: reports.filter(({ arrivesAtMs }) => arrivesAtMs === Infinity).length,
      notBilled: [...books.standing.values()].filter(({ isBilled }) => !isBilled).length,
      foundAfterAll: reports.filter(({ estimate, arrivesAtMs }) => estimate !== null && arrivesAtMs !== Infinity)
        .length,
      takenBack: byHand.filter(({ takesBack }) => takesBack !== null).length,
      drawn: byHand.filter(({ kind }) => kind === 'drawdown').length,
      drawnAtCloses: books.movements.filter(({ used }) => used > 0n).length,
      inLaterMonths: books.movements.filter(({ about, month, isMetered }) => !isMetered && about < month).length,
      kills,
    };
    for (const [what, count] of Object.entries(seen)) expect([what, count > 0]).toEqual([what, true]);
    for (const kind of ['credit', 'charge', 'cost', 'prepayment'])
      expect(byHand.filter((each) => each.kind === kind).length).toBeGreaterThan(5);
  });

  it('is booked once, by tenants, and by months as they were open', async () => {
    const rows = await postgres.db.ledgerTransaction.groupBy({
      by: ['tenantId', 'period', 'purpose'],
      _sum: { total: true },
    });
    const booked = new Map(
      rows.map(({ tenantId, period, purpose, _sum }) => [`${tenantId} ${period} ${purpose}`, _sum.total?.toFixed()]),
    );
    for (const { tenantId } of everybody())
      for (const month of MONTHS) {
        const { charge, cost, received, used } = moved((each) => each.tenantId === tenantId && each.month === month);
        const expected = { tenant_charge: charge, provider_cost: cost, prepayment: received - used };
        for (const [purpose, pico] of Object.entries(expected)) {
          const key = `${tenantId} ${month} ${purpose}`;
          expect([key, booked.get(key) ?? '0']).toEqual([key, dollarsOf(pico)]);
        }
      }
  });

  it('leaves everybody with what they owe and have prepaid', async () => {
    for (const { tenantId } of everybody()) {
      const { charge, received, used } = moved((each) => each.tenantId === tenantId);
      const { owed, prepaid } = await balanceOfTenant(postgres.db, tenantId);
      expect([tenantId, owed, prepaid]).toEqual([tenantId, charge - used, received - used]);
    }
  });

  it('has chains that hold', async () => {
    let chains = 0;
    for await (const { broken } of verifyChains(postgres.db)) {
      expect(broken).toBeNull();
      chains += 1;
    }
    // The newcomer has the one month that was open when it came.
    expect(chains).toBe(TENANTS * MONTHS.length + 1);
  });

  it('is the same in the rollups, by tenant, key, model and meter, and they are what would be computed now', async () => {
    const by = ['tenant', 'key', 'model', 'meter'] as const;
    const query = { fromMs: QUARTER.fromMs, toMs: QUARTER.toMs, bucket: 'total', by, where: {} } as const;
    const { rows, cut } = await rollupOfAllTenants(postgres.db, query, 100_000);
    const seen = new Map(
      rows.map(({ of, quantityMicro }) => [
        [of.tenant, of.key, of.model, of.meter].join(' '),
        Object.values(quantityMicro).reduce((sum, each) => sum + each, 0n) / 1_000_000n,
      ]),
    );
    const expected = quantities((report, meter) => [report.tenantId, report.keyId, report.model, meter].join(' '));
    expect([cut, Object.fromEntries(seen)]).toEqual([false, Object.fromEntries(expected)]);
    const money = await rollupOfAllTenants(postgres.db, { ...query, by: ['tenant', 'key'] }, 100_000);
    for (const { of, tenantCharge, providerCost } of money.rows) {
      const own = [...books.standing.values()].filter(({ report }) => report.keyId === of.key);
      const sums = [sumOf(...own.map(({ charge }) => charge)), sumOf(...own.map(({ cost }) => cost))];
      expect([of.key, tenantCharge, providerCost]).toEqual([of.key, ...sums]);
    }
    const checks = await checkRollups(postgres.db, { ...RECOMPUTED, tenantId: null });
    expect(checks.flatMap(({ wrong }) => wrong)).toEqual([]);
    expect(await unlikeLedger(postgres.db, { ...QUARTER, tenantId: null })).toEqual([]);
  });

  it('is the same in the months of dashboards, with what was booked by hand for them', async () => {
    const span = { fromMs: Date.parse('2026-07-01'), toMs: Date.parse('2026-10-01') };
    const query = { ...span, bucket: 'month', by: ['tenant'], where: {} } as const;
    const { rows } = await rollupOfAllTenants(postgres.db, query, 10_000);
    const seen = new Map(
      rows.map(({ bucket, of, tenantCharge, providerCost }) => [
        `${of.tenant} ${bucket}`,
        [tenantCharge, providerCost],
      ]),
    );
    for (const { tenantId } of everybody())
      for (const month of MONTHS) {
        const { charge, cost } = moved((each) => each.tenantId === tenantId && each.about === month);
        const key = `${tenantId} ${month}`;
        expect([key, seen.get(key) ?? [0n, 0n]]).toEqual([key, [charge, cost]]);
      }
  });

  it('is the same in the statements of all tenants, month by month, with prepaid money', async () => {
    for (const { tenantId } of everybody()) {
      for (const period of MONTHS) {
        const statement = await writeStatement({ db: postgres.db, databaseUrl: postgres.url }, { period, tenantId });
        if (statement === null) throw new Error(`no statement of ${tenantId}`);
        const { total, prepaid } = statement;
        const own = moved((each) => each.tenantId === tenantId && each.month === period);
        expect([tenantId, period, total.exact]).toEqual([tenantId, period, own.charge]);
        expect(sumOf(total.exact, total.rounding)).toBe(total.rounded);
        const before = moved((each) => each.tenantId === tenantId && each.month < period);
        const opening = before.received - before.used;
        const { received, used } = own;
        const shown = prepaid ?? { opening: 0n, received: 0n, used: 0n, closing: 0n };
        expect(shown).toEqual({ opening, received, used, closing: opening + received - used });
      }
    }
  });

  it('is the same in every export, and a closed month exported again has the same bytes', async () => {
    for (const period of MONTHS) await exportAll(period, 'again');
    for (const { id } of EXPORT_FORMATS) {
      for (const period of MONTHS) {
        const text = await readFile(join(dirOf(id, period, 'again'), 'manifest.json'), 'utf8');
        const { totals } = JSON.parse(text) as { totals: Record<string, { charge: string; providerCost: string }> };
        // Events have no bookings by hand.
        const shown = moved((each) => each.month === period && (each.isMetered || !id.startsWith('usage-')));
        const expected = { charge: dollarsOf(shown.charge), providerCost: dollarsOf(shown.cost) };
        expect([id, period, totals['USD']]).toEqual([id, period, expected]);
      }
      for (const period of ['2026-07', '2026-08'])
        expect(exported.get(`${id} ${period} again`)).toBe(exported.get(`${id} ${period} first`));
    }
  });

  it('is the same in the rows of an export, tenant by tenant, under the names of that time', async () => {
    const suffixes: Readonly<Record<string, string>> = { '2026-07': '', '2026-08': ' two', '2026-09': ' two three' };
    for (const period of MONTHS) {
      const rows = await chargeRowsIn(period);
      for (const [n, { tenantId }] of everybody().entries()) {
        const own = rows.filter((row) => row['tenant_id'] === tenantId);
        const sum = (column: string): bigint => sumOf(...own.map((row) => picoOf(row[column] ?? '')));
        const { charge, cost, received, used } = moved((each) => each.tenantId === tenantId && each.month === period);
        expect([tenantId, period, sum('charge'), sum('provider_cost'), sum('prepaid')]).toEqual([
          tenantId,
          period,
          charge,
          cost,
          received - used,
        ]);
        const names = new Set(own.map((row) => row['tenant']));
        if (n < TENANTS) expect([...names]).toEqual([`Tenant ${n}${suffixes[period] ?? ''}`]);
      }
    }
  });

  it("is the same in OpenAI's own shapes", async () => {
    for (const { tenantId } of customers) {
      const own = [...books.standing.values()].filter(({ report }) => report.tenantId === tenantId);
      const spent = await paged(tenantId, 'costs');
      const decimal = ({ amount }: Record<string, unknown>) => (amount as { value_decimal: string }).value_decimal;
      const total = spent.reduce((sum, result) => sum + picoOf(decimal(result)), 0n);
      expect([tenantId, total]).toEqual([tenantId, sumOf(...own.map(({ charge }) => charge))]);
      const used = await paged(tenantId, 'completions');
      const tokens = used.reduce((sum, result) => sum + BigInt(Number(result['output_tokens'])), 0n);
      // Transcription that is billed by token is counted as a completion, as OpenAI does; what is not billed is nowhere.
      const out = quantities((report, meter, { isBilled }) =>
        report.tenantId === tenantId && isBilled && meter.includes('output_') ? 'out' : null,
      );
      expect(tokens).toBe(out.get('out') ?? 0n);
    }
  });

  it("has what was booked by hand under the line items of OpenAI's costs, and what was taken back under the same", async () => {
    // By the day on which it was booked, which is the one on which this runs.
    const nowS = Math.floor(Date.now() / 1000);
    const around = { fromS: nowS - 2 * 86_400, toS: nowS + 86_400 };
    for (const { tenantId } of everybody()) {
      const own = byHand.filter((each) => each.tenantId === tenantId);
      const picoNow = (kind: ByHand['kind']): bigint =>
        sumOf(
          ...own.filter((each) => each.kind === kind && each.takesBack === null).map(({ pico }) => pico),
          ...own
            .flatMap(({ takesBack }) => own.filter((each) => each.reference === takesBack && each.kind === kind))
            .map(({ pico }) => -pico),
        );
      const found = await paged(tenantId, 'costs', around, { group_by: 'line_item' });
      const items = found.map(({ line_item, amount }) => [
        line_item,
        picoOf((amount as { value_decimal: string }).value_decimal),
      ]);
      const expected = [
        ['adjustment', picoNow('charge')],
        ['credit', -picoNow('credit')],
      ];
      expect([tenantId, items.filter(([, pico]) => pico !== 0n)]).toEqual([
        tenantId,
        expected.filter(([, pico]) => pico !== 0n),
      ]);
    }
  });

  it('is delivered once after each close, as it was then, and nothing of a month that is open', async () => {
    const ofMonth = (month: Period) => Object.fromEntries(DELIVERED.map((format) => [`${month} ${format}`, format]));
    const shaOf = (occasion: Record<string, string>) =>
      Object.entries(occasion).map(([name, format]) => [name, exported.get(`${format} ${name.slice(0, 7)} again`)]);
    const seen = deliveries.map((delivered) => [...delivered].sort());
    expect(seen).toEqual([[], shaOf(ofMonth('2026-07')), [], shaOf(ofMonth('2026-08')), []]);
    const folders = (await readdir(join(folder, 'delivered'))).map((name) => name.split('-').slice(0, 3).join('-'));
    expect(folders.sort()).toEqual(['2026-07-gl', '2026-07-xlsx', '2026-08-gl', '2026-08-xlsx']);
    for (const name of await readdir(join(folder, 'delivered'))) {
      const [year = '', month = '', format = ''] = name.split('-');
      const again = dirOf(format, `${year}-${month}` as Period, 'again');
      for (const file of await readdir(again))
        expect(await readFile(join(folder, 'delivered', name, file))).toEqual(await readFile(join(again, file)));
    }
  });

  it("differs from the vendor's books where it must, day by day, each difference in its class", () => {
    let classes = new Set<string>();
    for (let dayMs = FIRST_DAY_MS; dayMs <= LAST_DAY_MS; dayMs += DAY_MS) {
      const run = reconciled.get(dayMs);
      if (run === undefined) throw new Error('a day was not compared');
      const found = run.differences.map(({ keyId, model, meter, lineItem, differenceMicro, amount, class: kind }) =>
        textOf({
          class: kind,
          keyId,
          model,
          meter,
          lineItem,
          count: differenceMicro / 1_000_000n,
          pico: amount ?? -1n,
        }),
      );
      const expected = vendor.expectedOn(dayMs);
      expect([run.day, found.sort()]).toEqual([run.day, expected.map(textOf).sort()]);
      const own = [...books.standing.values()].filter(
        ({ report }) => Math.floor(report.occurredAtMs / DAY_MS) * DAY_MS === dayMs,
      );
      const charged = vendor.charges.filter((charge) => charge.dayMs === dayMs).map(({ pico }) => pico);
      expect([run.day, run.oursCost, run.theirsCost]).toEqual([
        ...[run.day, sumOf(...own.map(({ cost }) => cost))],
        charged.length === 0 ? null : sumOf(...charged),
      ]);
      expect([run.day, run.alarming]).toEqual([run.day, mustAlarm(expected, sumOf(...charged))]);
      classes = new Set([...classes, ...expected.map((part) => part.class)]);
    }
    expect([...classes].sort()).toEqual([...DIFFERENCE_CLASSES].sort());
  });

  it("is the same in OpenAI's shapes for audio: seconds of transcription, and no characters of speech", async () => {
    let heard = 0n;
    for (const { tenantId } of customers) {
      const answers = await paged(tenantId, 'audio_transcriptions');
      const seconds = answers.reduce((sum, result) => sum + BigInt(Number(result['seconds'])), 0n);
      const requests = answers.reduce((sum, result) => sum + Number(result['num_model_requests']), 0);
      const own = [...books.standing.values()].filter(
        ({ report, isBilled, counts }) =>
          report.tenantId === tenantId && isBilled && (counts.transcription_seconds ?? 0) > 0,
      );
      const expected = own.reduce((sum, { counts }) => sum + BigInt(counts.transcription_seconds ?? 0), 0n);
      expect([tenantId, seconds, requests]).toEqual([tenantId, expected, own.length]);
      expect(await paged(tenantId, 'audio_speeches')).toEqual([]);
      heard += seconds;
    }
    expect(heard).toBeGreaterThan(0n);
  });
});

function textOf(part: Expected): string {
  return [part.class, part.keyId, part.model, part.meter, part.lineItem, part.count, part.pico].join(' ');
}

/** Tokens and seconds of what counts now, by a key of one's own; a key of null leaves a meter out. */
function quantities(
  keyOf: (report: Report, meter: string, standing: Standing) => string | null,
): ReadonlyMap<string, bigint> {
  const sums = new Map<string, bigint>();
  for (const standing of books.standing.values())
    for (const [meter, count] of Object.entries(standing.counts)) {
      const key = count === 0 ? null : keyOf(standing.report, meter, standing);
      if (key !== null) sums.set(key, (sums.get(key) ?? 0n) + BigInt(count));
    }
  return sums;
}

/** The rows of the CSV for programs; nothing in this quarter needs a quote. */
async function chargeRowsIn(period: Period): Promise<readonly Readonly<Record<string, string>>[]> {
  const dir = dirOf('csv', period, 'again');
  const name = (await readdir(dir)).find((each) => each.includes('charges')) ?? '';
  const [header = '', ...lines] = (await readFile(join(dir, name), 'utf8')).trimEnd().split('\r\n');
  const columns = header.split(',');
  return lines.map((line) => Object.fromEntries(line.split(',').map((cell, i) => [columns[i] ?? '', cell])));
}

/** All results of a topic for a tenant over the quarter, or another range, page by page. */
async function paged(
  tenantId: Customer['tenantId'],
  topic: OrganizationTopic,
  { fromS, toS } = { fromS: QUARTER.fromMs / 1000, toS: QUARTER.toMs / 1000 },
  more: Record<string, string> = {},
): Promise<Record<string, unknown>[]> {
  const results: Record<string, unknown>[] = [];
  let page: string | null = null;
  do {
    const range = { start_time: String(fromS), end_time: String(toS), limit: '31', ...more };
    const query: URLSearchParams = new URLSearchParams({
      ...range,
      bucket_width: '1d',
      ...(page === null ? {} : { page }),
    });
    const question = readQuestion(topic, query, toS);
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
